"""What a person likes: `favourites` from ratings, `language` by a model, `written` as typed."""
