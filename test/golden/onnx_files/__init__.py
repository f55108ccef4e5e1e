"""What generate_onnx_torch.py exports, and how a file is written without its weights."""
