"""Answers of vision-language models to questions about images: read, compared with what is right, summed up.

The nine tasks are those of IR-TD (Cao et al., ICCV 2025). `authors` does what the paper's own scripts do; everything
else is the repaired way.
"""
