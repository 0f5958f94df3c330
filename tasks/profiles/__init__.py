"""What a person likes, as text and facts: `favourites` makes it from ratings, `written` is typed."""
