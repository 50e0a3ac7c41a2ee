"""The study: claims about input and output matrices, tested on a corpus with intervals over seeds.

An *experiment* (`fastsgns.study.experiments`) turns a `Material`, settings and a seed into numbers;
a *claim* (`fastsgns.study.claims`) names the experiments it needs and judges their numbers; the
`Runner` computes what is not in its cache yet; the report shows statement, evidence and verdict.
"""
