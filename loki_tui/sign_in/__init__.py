"""What the Sign-in screen is about: where a sign-in stands, and the words for it."""
