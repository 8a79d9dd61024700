"""A message's way into the database: accepted by the web side, stored by `persist`."""
