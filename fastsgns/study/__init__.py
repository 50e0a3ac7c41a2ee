"""The study: claims about input and output matrices, tested on a corpus over several seeds.

- An *experiment* (`fastsgns.study.experiments`) is a function that computes numbers from a
  `Material`, settings and a seed.
- A *claim* (`fastsgns.study.claims`) lists the experiments that it needs and judges their numbers.
- The `Runner` computes the results that its cache lacks.
- The report (`fastsgns.study.report`) shows statement, evidence and verdict of each claim.
"""
