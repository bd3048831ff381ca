"""The Cap'n Proto encoding: messages as bytes on one side, plain Python values on the other. No input or output."""
