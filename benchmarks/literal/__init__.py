"""Networks written as their papers' formulas read, with published names: what the zoo's own are measured against.

Nothing here is clever: attention is a softmax of a product, what is concatenated in a formula is concatenated, maps are
contiguous. They give the same outputs from the same weights.
"""
