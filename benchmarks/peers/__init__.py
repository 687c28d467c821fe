"""What ours is measured against, written with the peers' public interfaces or from published descriptions."""
