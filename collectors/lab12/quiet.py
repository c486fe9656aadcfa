"""What is timed shares the host with nothing that another collector still has running."""

from collectors.lab12.http_pair import juice_shop_under_kata
from collectors.lab12.juice_shop import juice_shop
from labreport.capture import Run


def quiet(run: Run) -> None:
    """Put away Juice Shop, under either runtime; what asks for it afterwards waits for it again."""
    for factory in (juice_shop_under_kata, juice_shop):
        run.teardown(factory)
