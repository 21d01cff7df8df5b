"""Text burned into the picture: constructed films, and what is read from them."""
