"""Every read of messages, scoped to what the person may see, by key and never by offset."""
