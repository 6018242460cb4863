"""The dialogs: each a modal screen that asks one question and returns the answer."""
