"""Keys of tenants and data subjects, kept beside the data: the embedded vault."""
