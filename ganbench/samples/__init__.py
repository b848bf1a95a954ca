"""Samples from anywhere: files of arrays, image files, finished runs; each checked before anything is measured."""
