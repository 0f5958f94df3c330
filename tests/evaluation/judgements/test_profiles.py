from tasks.evaluation.judgements.profiles import sections

TEXT = "## Overview Likes **slow** films. ## Attributes - Drama - War ## Dislikes: - Violence"


def test_parts_of_a_profile_stand_beneath_their_headings():
    assert sections(TEXT) == {
        "Overview": "Likes **slow** films.",
        "Attributes": "- Drama - War",
        "Dislikes": "- Violence",
    }
    assert sections("no heading, but a # sign") == {}
