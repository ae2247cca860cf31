"""Files that are whole: written in one step, locked against a second writer, fetched and read only after a checksum.

`whole` writes, `lock` keeps two processes apart, `transfer` and `download` fetch over the net, `archives` unpacks, and
`tensors` reads and writes files of tensors. Nothing here knows of data sets, networks or
training, which stand on it.
"""
