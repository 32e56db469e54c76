"""Fifty people at once: a real server, a model of fixed pace and simulated people go in, figures come out.

`run` puts it all together; `people` is what each person does, `talk` one exchange with the server and what is checked
of it, `servers` and `postgres` the processes, `faults` what is killed under load, `readback` what must still be there,
`figures` and `report` what is made of it, `streams` the many open streams.
"""
