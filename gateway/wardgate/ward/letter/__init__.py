"""The weekly results letter: what a patient's devices sent, in pictures, colours and few words, on one sheet."""
