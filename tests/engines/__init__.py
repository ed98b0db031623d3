"""The recipes of the guides, in the engines that they are for; `make engines` runs them."""
