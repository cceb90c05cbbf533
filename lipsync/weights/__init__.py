"""Model weights: the catalogue, downloads, detection of file formats, and safe reading of tensors."""
