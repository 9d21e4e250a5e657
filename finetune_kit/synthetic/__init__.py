"""Pictures and sounds made by formula: what the pocket models are pretrained on, free of anybody's rights."""
