"""Files that hold access: opened by descriptor, checked before use, replaced whole or not at all."""
