"""Proximities of nodes in a directed graph: Katz as an operator, PageRank of each node as rows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fastsgns.graph.digraph import DirectedGraph

MAX_TERMS = 10_000
SETTLED, LARGEST = 1e-12, 1e200
POWER_STEPS, POWER_SETTLED = 2000, 1e-9
DENSE_NODES = 500
BLOCK_CELLS = 1 << 25
Progress = Callable[[int, int | None], object]


def adjacency(graph: DirectedGraph) -> Any:
    """A: the sizes of the edges, from rows to columns, csr_array of float64, shape (n, n).

    Signs do not count.
    """
    from scipy.sparse import csr_array

    sizes = graph.out_weights
    data = np.ones(graph.n_edges) if sizes is None else sizes.astype(np.float64)
    n = graph.n_nodes
    return csr_array((data, graph.out_targets, graph.out_offsets), shape=(n, n))


def spectral_radius(matrix: Any) -> float:
    """rho(A), the largest magnitude of an eigenvalue of a sparse non-negative matrix.

    A, ordered by strongly connected components, is block triangular, so rho is the largest of the
    blocks'. A block B is irreducible, thus B + 1 primitive: x -> (B + 1) x finds its Perron root
    rho(B) + 1, and no cycle keeps it from settling. That root lies between the least and the
    greatest ((B + 1) x)_i / x_i of the block. Where `POWER_STEPS` do not bring these together, as
    in long uneven cycles, ARPACK is asked for the eigenvalue of the largest real part, which is
    rho; where it finds none either, the upper bound is given. Without cycles rho is exactly 0.

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
    for _ in range(POWER_STEPS):
        image = blocks @ vector + vector
        growth, least, scale = image / vector, np.full(n_components, np.inf), np.zeros(n_components)
        np.minimum.at(least, component, growth)
        np.maximum.at(scale, component, image)
        low, high = least.max(), growth.max()
        if high - low <= POWER_SETTLED * high:
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
    """0.5 / rho(A), or where there is no cycle and rho is 0, 0.5 over the largest degree."""
    radius = spectral_radius(matrix)
    if not radius:
        radius = float(max(matrix.sum(0).max(initial=0), matrix.sum(1).max(initial=0)))
    return 0.5 / radius if radius else 0.5


def katz(matrix: Any, beta: float) -> Any:
    """Katz proximity S = sum_{k >= 1} (beta A)^k = (1 - beta A)^-1 beta A, as a LinearOperator.

    S_uv weighs the walks from u to v by beta per edge. A product with S sums terms until they no
    longer count; S itself, which is dense, is never made.

    Parameters
    ----------
    matrix : csr_array, shape (n, n)
        A, non-negative.
    beta : float
        Above 0 and below 1 / rho(A), or the sum is infinite.

    Raises
    ------
    ValueError
        In a product, if the sum does not settle.

    References
    ----------
    Katz: A new status index derived from sociometric analysis, 1953, equation 1.

    Examples
    --------
    >>> line = adjacency(DirectedGraph.from_edges([0, 1], [1, 2], names=range(3)))
    >>> (katz(line, 0.5) @ np.eye(3)).sum()  # two edges, one walk of length two
    np.float64(1.25)
    """
    from scipy.sparse.linalg import LinearOperator

    def series(of: Any) -> Callable[[np.ndarray], np.ndarray]:
        return lambda vectors: _series(of, beta, vectors)

    forward, backward = series(matrix), series(matrix.T.tocsr())
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
    for _ in range(MAX_TERMS):
        term = beta * (matrix @ term)
        total += term
        size = float(np.abs(term).max(initial=0))
        if size > LARGEST:
            break
        if size <= SETTLED * float(np.abs(total).max(initial=0)):
            return total
    raise ValueError(f"beta is {beta}: the sum over walks does not settle; take a smaller one")


def pagerank_rows(matrix: Any, alpha: float, error: float, progress: Progress | None = None) -> Any:
    """Personalised PageRank of each node, pi_u(v) = alpha sum_k (1 - alpha)^k (P^k)_uv.

    pi_u(v) is the chance that a walk from u, which stops before each step with chance alpha, stops
    at v; at a node without out-edges a walk that goes on is lost. P = D^-1 A moves by weight.
    What a walk still carries at a node is dropped where it is below `error`: each step adds at
    most ``error * sum_w pi_w(v)`` to the error of pi_u(v), and all are underestimates.

    Parameters
    ----------
    matrix : csr_array, shape (n, n)
        A, non-negative.
    alpha : float
        Between 0 and 1.
    error : float
        0 for none: then until nothing is left in float64.
    progress : callable, optional
        ``progress(nodes_done, n_nodes)``; raising stops.

    Returns
    -------
    csr_array of float64, shape (n, n)

    References
    ----------
    Jeh, Widom: Scaling personalized web search, 2003. Andersen, Chung, Lang: Local graph
    partitioning using PageRank vectors, 2006 (what is carried, and dropped).

    Examples
    --------
    >>> edge = adjacency(DirectedGraph.from_edges([0], [1], names=range(2)))
    >>> pagerank_rows(edge, alpha=0.5, error=0).toarray().tolist()
    [[0.5, 0.25], [0.0, 0.5]]
    """
    from scipy.sparse import csr_array, diags_array, eye_array, vstack

    degrees = matrix.sum(1)
    moves = diags_array(1 / np.where(degrees > 0, degrees, 1)) @ matrix
    n = matrix.shape[0]
    size = max(1, min(n, BLOCK_CELLS // max(n, 1)))
    identity = eye_array(n, format="csr")
    blocks = []
    for start in range(0, n, size):
        blocks.append(_walked(csr_array(identity[start : start + size]), moves, alpha, error))
        if progress:
            progress(min(start + size, n), n)
    return vstack(blocks, format="csr")


def _walked(carried: Any, moves: Any, alpha: float, error: float) -> Any:
    total = alpha * carried
    while carried.nnz:
        carried = (1 - alpha) * (carried @ moves)
        carried.data[carried.data < max(error, np.finfo(np.float64).tiny)] = 0
        carried.eliminate_zeros()
        total = total + alpha * carried
    return total
