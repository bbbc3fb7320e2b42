"""What operators see of orders, and do about them."""
