"""The pages of `postbatch open`: a folder's sheets in a browser on this machine, from a dropped file to the results."""
