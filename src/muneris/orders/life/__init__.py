"""What becomes of an order once it is taken."""
