"""A believable team to look at: people, channels and a month of conversation, all invented."""
