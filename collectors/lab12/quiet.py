"""Task 4: tear down what another collector has left running, before something is measured."""

from collectors.lab12.http_pair import juice_shop_under_kata
from collectors.lab12.juice_shop import juice_shop
from labreport.capture import Run


def quiet(run: Run) -> None:
    """Tear down Juice Shop under both runtimes. A later collector that needs it starts it anew."""
    for factory in (juice_shop_under_kata, juice_shop):
        run.teardown(factory)
