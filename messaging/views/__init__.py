"""The pages of messaging, a module for each subject."""
