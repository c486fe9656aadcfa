"""A small HTTP server on Juice Shop's port, which replaces it by JUICE_SHOP_ARCHIVE."""

from labreport.containers.images import busybox

WEB = busybox.Program(
    entrypoint=("httpd", "-f", "-p", "3000", "-h", "/www"), files={"www/index.html": b"shop\n"}
)
