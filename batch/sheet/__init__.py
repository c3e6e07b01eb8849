"""Files in and out: sheets of posts, templates, results, and the media beside them."""
