"""The shared vocabulary of every concern: time, identity, money, problems. No I/O."""
