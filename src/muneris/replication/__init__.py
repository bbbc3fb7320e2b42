"""What all regions hold alike: the queue to them, the master role, and the tokens of Oracle accounts."""
