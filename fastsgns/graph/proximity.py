"""Proximities of the nodes of a directed graph: Katz proximity and personalized PageRank."""

from functools import partial
from typing import Any

import numpy as np

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.runtime.progress import Progress

KATZ_MAX_TERMS = 10_000
KATZ_TOLERANCE, KATZ_OVERFLOW = 1e-12, 1e200
POWER_MAX_STEPS, POWER_TOLERANCE = 2000, 1e-9
DENSE_NODES = 500  # up to this size all eigenvalues are computed
# A block of PageRank rows is short, because Ctrl-C stops only between two of its products.
BLOCK_CELLS = 1 << 22  # entries of the block, if all were above 0
BLOCK_EDGES = 1 << 24  # additions of a product, if all were above 0
MAX_STEPS = 100_000  # of a walk; each takes some 0.1 ms in the smallest graphs


def adjacency(graph: DirectedGraph) -> Any:
    """Return A, the absolute weights of the edges from rows to columns, without signs.

    Returns
    -------
    csr_array of float64, shape (n, n)
    """
    from scipy.sparse import csr_array

    sizes = graph.out_weights
    data = np.ones(graph.n_edges) if sizes is None else sizes.astype(np.float64)
    n = graph.n_nodes
    matrix = csr_array((data, graph.out_targets, graph.out_offsets), shape=(n, n))
    if graph.times is not None:
        matrix = matrix.copy()  # the arrays of the graph stay as they are
        matrix.sum_duplicates()
    return matrix


def transitions(matrix: Any) -> Any:
    """Return P = D^-1 A, the probabilities of steps along edges; rows without edges stay 0.

    Examples
    --------
    >>> graph = DirectedGraph.from_edges([0, 0], [1, 2], [1, 3], names=range(3))
    >>> transitions(adjacency(graph)).sum(1).tolist(), float(transitions(adjacency(graph)).max())
    ([1.0, 0.0, 0.0], 0.75)
    """
    from scipy.sparse import diags_array

    degrees = matrix.sum(1)
    return diags_array(1 / np.where(degrees > 0, degrees, 1)) @ matrix


def double_cover(matrix: Any) -> Any:
    """Return the undirected graph of roles: node u as a source has the neighbours v as targets.

    Row u < n is node u as a source, and row n + v is node v as a target. An edge u -> v of A joins
    u and n + v. A walk in this graph alternates between the two roles.

    Returns
    -------
    csr_array, shape (2 n, 2 n)
        [[0, A], [A^T, 0]].

    Examples
    --------
    >>> edge = adjacency(DirectedGraph.from_edges([0], [1], names=range(2)))
    >>> [list(map(int, ends)) for ends in double_cover(edge).nonzero()]
    [[0, 3], [3, 0]]
    """
    from scipy.sparse import block_array

    return block_array([[None, matrix], [matrix.T, None]], format="csr")


def spectral_radius(matrix: Any) -> float:
    """Return rho(A), the largest magnitude of an eigenvalue of a sparse non-negative matrix.

    If the nodes are ordered by strongly connected component, A is block triangular, and rho(A) is
    the largest spectral radius of a diagonal block. Each block B is irreducible, so that B + I is
    primitive. The power iteration x -> (B + I) x therefore converges to its Perron root,
    rho(B) + 1, also where B has cycles. The root is between the minimum and the maximum of
    ((B + I) x)_i / x_i over the block.

    In long cycles of unequal weights, `POWER_MAX_STEPS` may not bring the two bounds together. Then
    ARPACK computes the eigenvalue with the largest real part, which is rho(A). If ARPACK does not
    converge either, the upper bound is returned. Without cycles rho(A) is exactly 0.

    References
    ----------
    Horn, Johnson: Matrix Analysis, 2013, theorem 8.1.26 (the bounds), section 8.5 (primitive
    matrices).

    Examples
    --------
    >>> ring = DirectedGraph.from_edges([0, 1, 2], [1, 2, 0])
    >>> line = DirectedGraph.from_edges([0, 1, 2], [1, 2, 3])
    >>> round(spectral_radius(adjacency(ring)), 6), spectral_radius(adjacency(line))
    (1.0, 0.0)
    """
    from scipy.sparse.csgraph import connected_components

    n_components, component = connected_components(matrix, connection="strong")
    edges = matrix.tocoo()
    inside = component[edges.row] == component[edges.col]
    kept = edges.copy()
    kept.data = np.where(inside, edges.data, 0)
    blocks = kept.tocsr()
    blocks.eliminate_zeros()
    if not blocks.nnz:
        return 0.0
    vector = np.ones(matrix.shape[0])
    for _ in range(POWER_MAX_STEPS):
        image = blocks @ vector + vector
        growth, least, scale = image / vector, np.full(n_components, np.inf), np.zeros(n_components)
        np.minimum.at(least, component, growth)
        np.maximum.at(scale, component, image)
        low, high = least.max(), growth.max()
        if high - low <= POWER_TOLERANCE * high:
            break
        vector = np.maximum(image / scale[component], np.finfo(np.float64).tiny)
    else:
        return _largest_eigenvalue(blocks, float(high) - 1)
    return float(low + high) / 2 - 1


def _largest_eigenvalue(matrix: Any, bound: float) -> float:
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    if matrix.shape[0] <= DENSE_NODES:
        return float(np.linalg.eigvals(matrix.toarray()).real.max())
    try:
        return float(eigs(matrix, k=1, which="LR", return_eigenvectors=False).real[0])
    except ArpackNoConvergence:
        return bound


def default_beta(matrix: Any) -> float:
    """Return 0.5 / rho(A), or 0.5 / (largest degree) if rho(A) is 0, as without cycles."""
    radius = spectral_radius(matrix)
    if not radius:
        radius = float(max(matrix.sum(0).max(initial=0), matrix.sum(1).max(initial=0)))
    return 0.5 / radius if radius else 0.5


def katz(matrix: Any, beta: float) -> Any:
    """Return the Katz proximity S = sum over k >= 1 of (beta A)^k as a LinearOperator.

    S equals (I - beta A)^-1 beta A. S_uv sums over the walks from u to v, each with the weight
    beta^(number of edges). S is dense and never stored: a product with S adds up terms until they
    no longer change the sum.

    Parameters
    ----------
    matrix : csr_array, shape (n, n)
        A, non-negative.
    beta : float
        Above 0 and below 1 / rho(A); otherwise the sum diverges.

    Raises
    ------
    ValueError
        In a product, if the sum does not converge.

    References
    ----------
    Katz: A new status index derived from sociometric analysis, 1953, equation 1.

    Examples
    --------
    >>> line = adjacency(DirectedGraph.from_edges([0, 1], [1, 2], names=range(3)))
    >>> float((katz(line, 0.5) @ np.eye(3)).sum())  # two edges, one walk of length two
    1.25
    """
    from scipy.sparse.linalg import LinearOperator

    forward, backward = (partial(_series, of, beta) for of in (matrix, matrix.T.tocsr()))
    return LinearOperator(
        matrix.shape,
        matvec=forward,
        rmatvec=backward,
        matmat=forward,
        rmatmat=backward,
        dtype=np.float64,
    )


def _series(matrix: Any, beta: float, vectors: np.ndarray) -> np.ndarray:
    term, total = vectors, np.zeros(vectors.shape)
    for _ in range(KATZ_MAX_TERMS):
        term = beta * (matrix @ term)
        total += term
        size = float(np.abs(term).max(initial=0))
        if size > KATZ_OVERFLOW:
            break
        if size <= KATZ_TOLERANCE * float(np.abs(total).max(initial=0)):
            return total
    raise ValueError(f"beta is {beta}: the sum over walks does not converge; give a smaller beta")


def pagerank_rows(matrix: Any, alpha: float, error: float, progress: Progress | None = None) -> Any:
    """Return the personalized PageRank of each node, pi_u(v) = alpha sum_k (1 - alpha)^k (P^k)_uv.

    pi_u(v) is the probability that a walk from u stops at v, if before each step the walk stops
    with probability alpha. Steps have the transition probabilities P = D^-1 A. A walk that leaves a
    node without out-edges is lost. After each step, residuals of a node below `error` are dropped.
    Each step thus adds at most ``error * sum_w pi_w(v)`` to the error of pi_u(v), and all values
    are underestimates.

    Parameters
    ----------
    matrix : csr_array, shape (n, n)
        A, non-negative.
    alpha : float
        Between 0 and 1.
    error : float
        0 drops only residuals that are too small for float64.
    progress : callable, optional
        ``progress(nodes_done, n_nodes)`` is called after each block of rows. An exception that it
        raises ends the computation.

    Returns
    -------
    csr_array of float64, shape (n, n)

    Raises
    ------
    ValueError
        If walks around a cycle would take more than 100,000 steps, as `alpha` is almost 0.

    References
    ----------
    Jeh, Widom: Scaling personalized web search, 2003. Andersen, Chung, Lang: Local graph
    partitioning using PageRank vectors, 2006 (residuals).

    Examples
    --------
    >>> edge = adjacency(DirectedGraph.from_edges([0], [1], names=range(2)))
    >>> pagerank_rows(edge, alpha=0.5, error=0).toarray().tolist()
    [[0.5, 0.25], [0.0, 0.5]]
    """
    from scipy.sparse import csr_array, eye_array, vstack

    steps = transitions(matrix)
    n = matrix.shape[0]
    size = max(1, min(n, BLOCK_CELLS // max(n, 1), BLOCK_EDGES // max(steps.nnz, 1)))
    identity = eye_array(n, format="csr")
    blocks = []
    for start in range(0, n, size):
        rows = csr_array(identity[start : start + size])
        blocks.append(_pagerank(rows, steps, alpha, error))
        if progress:
            progress(min(start + size, n), n)
    return vstack(blocks, format="csr")


def _pagerank(residual: Any, steps: Any, alpha: float, error: float) -> Any:
    total, lowest = alpha * residual, max(error, np.finfo(np.float64).tiny)
    n_steps = 0
    while residual.nnz:
        if n_steps == steps.shape[0]:  # only a walk around a cycle has as many steps
            _check_ends(alpha, lowest)
        residual = (1 - alpha) * (residual @ steps)
        residual.data[residual.data < lowest] = 0
        residual.eliminate_zeros()
        total = total + alpha * residual
        n_steps += 1
    return total


def _check_ends(alpha: float, lowest: float) -> None:
    """Raise a ValueError if (1 - alpha)^k is not below `lowest` after as many steps as allowed."""
    if MAX_STEPS * np.log1p(-alpha) > np.log(lowest):
        least = -np.expm1(np.log(lowest) / MAX_STEPS)
        raise ValueError(
            f"alpha is {alpha!r}, and walks around a cycle would take more than {MAX_STEPS:,} "
            f"steps; allowed are {least:.2g} and more for this error, such as 0.5"
        )
