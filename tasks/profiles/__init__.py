"""What a person likes, as text and facts: `favourites` from ratings, `written` as typed."""
