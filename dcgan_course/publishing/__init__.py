"""A generator for others: ONNX, a model card, and the explorer of its latent space, which a page carries."""
