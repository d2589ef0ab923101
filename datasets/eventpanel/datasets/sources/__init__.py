"""One small module per public dataset; each reads the publisher's own file."""
