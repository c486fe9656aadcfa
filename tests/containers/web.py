"""What stands in for Juice Shop: a small server at its port, served as JUICE_SHOP_ARCHIVE."""

from labreport.containers.images import busybox

WEB = busybox.Program(
    entrypoint=("httpd", "-f", "-p", "3000", "-h", "/www"), files={"www/index.html": b"shop\n"}
)
