"""Why items stand in a list: their parts in words, and a language model's sentence about each."""
