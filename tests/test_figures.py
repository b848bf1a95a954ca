from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from records import QUANTITIES, ok

from ganbench.datasets.mixtures import grid, ring
from ganbench.figures import draw_curves, draw_samples, save
from ganbench.metrics.discriminator import wilson_interval
from ganbench.metrics.metric import Evidence
from ganbench.metrics.modes import Modes
from ganbench.pictures import GAP, GREY, TITLE_HEIGHT, covered_modes, image_grid


def pixels(figure, folder):
    """The RGB bytes (height, width, 3) of the PNG that `figure` leaves."""
    save(figure, folder / "figure.png")
    with Image.open(folder / "figure.png") as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def curve_record(points=4):
    """A record with a curve of `points` points: the modes rise, the accuracies are 3/4 and 1/2, all over samples."""
    values = {"accuracy_train": 0.75, "accuracy_fake": 0.5, "auc": 0.8}
    calls = [1000.0 if point == points else 250.0 for point in range(1, points + 1)]
    curve = [
        {
            "fraction": point / points,
            "meters": {"samples": 320 * point, "d_steps": 0},
            "values": {
                "modes_covered": float(point),
                "inception_score@1": 2.0,
                "inception_score@10": 1.5,
                **values,
                "accuracy_calls": calls[point - 1],
            },
        }
        for point in range(1, points + 1)
    ]
    scores = {f"inception_score@{k}": {"direction": "higher", "unit": "", "lowest": 1} for k in (1, 10)}
    return replace(ok(modes=points), curve=tuple(curve), quantities={**QUANTITIES, **scores})


def test_a_grid_shows_each_pixel_as_a_square_of_its_colour():
    """Tiles stand row by row, a pixel is `scale` wide and nothing is smoothed; between them is grey."""
    images = np.array([[[[0, 255]]], [[[10, 20]]], [[[30, 40]]]], dtype=np.uint8)
    shown = image_grid(images, columns=2, scale=3)
    assert shown.shape == (2 * 3 + 3 * GAP, 2 * 6 + 3 * GAP, 3)
    assert (shown[GAP : GAP + 3, GAP : GAP + 3] == 0).all()
    assert (shown[GAP : GAP + 3, GAP + 3 : GAP + 6] == 255).all()
    assert (shown[GAP : GAP + 3, 2 * GAP + 6 : 2 * GAP + 9] == 10).all()
    assert (shown[2 * GAP + 3 : 2 * GAP + 6, GAP : GAP + 3] == 30).all()
    assert (shown[2 * GAP + 3 : 2 * GAP + 6, 2 * GAP + 6 : -GAP] == GREY).all()


def test_colours_stay_what_they_are():
    """Three channels are red, green and blue; one is grey; of two the first is shown as grey."""
    rgb = np.array([10, 20, 30], dtype=np.uint8).reshape(1, 3, 1, 1)
    assert image_grid(rgb, 1, 1)[GAP, GAP].tolist() == [10, 20, 30]
    assert image_grid(rgb[:, :1], 1, 1)[GAP, GAP].tolist() == [10, 10, 10]
    assert image_grid(rgb[:, :2], 1, 1)[GAP, GAP].tolist() == [10, 10, 10]


def test_the_png_of_images_holds_the_grid_below_the_title(tmp_path):
    """A hundred 8 x 8 images fill 10 x 10 tiles of 64 pixels: an all-white one is white, an all-black one black."""
    samples = torch.zeros(120, 1, 8, 8)
    samples[0], samples[99] = 1, -1
    shown = pixels(draw_samples(samples, None, "nsgan on digits, seed 0"), tmp_path)
    side = 10 * (64 + GAP) + GAP
    assert shown.shape == (side + TITLE_HEIGHT, side, 3)
    assert (shown[TITLE_HEIGHT + GAP : TITLE_HEIGHT + GAP + 64, GAP : GAP + 64] == 255).all()
    assert (shown[-GAP - 64 : -GAP, -GAP - 64 : -GAP] == 0).all()
    assert (shown[TITLE_HEIGHT + GAP : TITLE_HEIGHT + GAP + 64, 2 * GAP + 64 : 2 * GAP + 128] == 128).all()
    assert (shown[:TITLE_HEIGHT] < 128).any()


def test_images_that_are_not_finite_are_refused():
    """No byte can stand for NaN."""
    with pytest.raises(ValueError, match="NaN"):
        draw_samples(torch.full((1, 1, 8, 8), torch.nan), None, "")


def test_points_outside_the_frame_are_counted():
    """The frame follows from the modes alone; of four points two lie far off, and the title says so."""
    samples = torch.tensor([[1.0, 0.0], [0.0, 0.0], [50.0, 0.0], [0.0, -1e30]])
    figure = draw_samples(samples, ring(), "nsgan on ring8")
    assert figure.get_suptitle() == "nsgan on ring8\n2 of 4 drawn samples lie outside the frame"
    (axes,) = figure.axes
    assert axes.get_xlim() == pytest.approx((-4 / 3 - 0.06, 4 / 3 + 0.06))
    assert axes.get_xlim() == pytest.approx(axes.get_ylim())


def test_modes_are_told_apart_by_whether_they_are_covered():
    """The legend counts covered and missed modes by the metric's rule: three of eight where samples lie on three."""
    samples = ring().centres[[0, 2, 5]].repeat(100, 1)
    (legend,) = draw_samples(samples, ring(), "").legends
    assert [text.get_text() for text in legend.get_texts()] == ["samples", "modes covered: 3", "modes missed: 5"]


@pytest.mark.parametrize("density", [ring(), grid()])
def test_the_picture_and_the_metric_agree(density):
    """As many modes are drawn as covered as `modes_covered` counts, also where samples are thin and off."""
    generator = torch.Generator().manual_seed(1)
    samples = density.sample(200, generator) + 0.02 * torch.randn(200, 2, generator=generator)
    counted = Modes()(Evidence(samples, density=density))["modes_covered"]
    assert covered_modes(samples, density).sum() == counted


@pytest.mark.parametrize("shape", [(5, 1), (5, 3), (5, 2, 7)])
def test_points_of_any_dimension_have_a_picture(shape, tmp_path):
    """Without a density, and in other dimensions than two, the first two coordinates are drawn."""
    assert pixels(draw_samples(torch.randn(shape), None, "dirac"), tmp_path).shape == (680, 600, 3)


def test_curves_have_a_panel_a_quantity():
    """The headline comes first, numbers to be made good next; split counts share a panel, and so do accuracies."""
    figure = draw_curves(curve_record())
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["modes_covered ↑", "inception_score ↑", "accuracy", "auc"]
    lines = [[line.get_label() for line in axes.lines if not line.get_label().startswith("_")] for axes in figure.axes]
    assert lines[1] == ["@1", "@10"]
    assert lines[2] == ["train", "fake"]


def test_curves_run_over_the_unit_of_the_budget():
    """A budget in samples has real samples on its axis, with the values of the curve above them."""
    axes = draw_curves(curve_record()).axes[0]
    assert axes.get_xlabel() == "real samples drawn"
    assert axes.lines[0].get_xydata().tolist() == [[320, 1], [640, 2], [960, 3], [1280, 4]]


def test_accuracies_have_wilson_bands():
    """The band of an accuracy is Wilson's interval at its number of calls: 250 on the way, 1000 at the end."""
    axes = draw_curves(curve_record()).axes[2]
    corners = axes.collections[0].get_paths()[0].vertices
    for spent, n in ((320, 250), (1280, 1000)):
        heights = corners[corners[:, 0] == spent][:, 1]
        assert (heights.min(), heights.max()) == pytest.approx(wilson_interval(0.75, n))


def test_a_single_point_has_a_picture(tmp_path):
    """A control has one point, at nothing spent."""
    record = curve_record(points=1)
    record = replace(record, spec=replace(record.spec, budget="0 samples"))
    assert pixels(draw_curves(record), tmp_path).shape == (700, 1200, 3)


@pytest.mark.parametrize("name", ["curves", "images", "points"])
def test_the_same_figure_has_the_same_bytes(name, tmp_path):
    """A picture is a pure function of what it shows: no date and no version is written into it."""
    draw = {
        "curves": lambda: draw_curves(curve_record()),
        "images": lambda: draw_samples(torch.zeros(9, 3, 8, 8), None, "$x"),
        "points": lambda: draw_samples(ring().centres, ring(), "$x"),
    }[name]
    save(draw(), tmp_path / "first.png")
    save(draw(), tmp_path / "second.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    with Image.open(tmp_path / "first.png") as image:
        assert "Software" not in image.info


def test_the_bayes_accuracy_is_a_dashed_line_among_the_accuracies():
    """Without a band, since it has calls of its own, and with its name also where it stands alone."""
    record = curve_record()
    points = tuple({**point, "values": {**point["values"], "accuracy_bayes": 0.9}} for point in record.curve)
    axes = next(axes for axes in draw_curves(replace(record, curve=points)).axes if axes.get_title() == "accuracy")
    (line,) = (line for line in axes.lines if line.get_label() == "bayes")
    assert (line.get_linestyle(), line.get_ydata().tolist()) == ("--", [0.9] * 4)
    assert len(axes.collections) == 2
    alone = tuple({**point, "values": {"accuracy_bayes": 0.9}} for point in record.curve)
    (axes,) = draw_curves(replace(record, curve=alone)).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["bayes"]


def test_estimates_and_floors_are_drawn_beside_what_they_are_of():
    """In one panel, whose bounds are those that all of its quantities have: an estimate below 0 is shown."""
    record = curve_record()
    values = {"fid[x]": 3.0, "fid_floor[x]": 1.0, "js": 0.2, "js_estimate": -0.5}
    bounds = {"js": {"lowest": 0, "highest": 0.7}, "js_estimate": {"lowest": None, "highest": 0.7}}
    points = tuple({**point, "values": values} for point in record.curve)
    fid, js = draw_curves(replace(record, curve=points, quantities=bounds)).axes
    assert [fid.get_title(), js.get_title()] == ["fid[x]", "js"]
    assert [text.get_text() for text in js.get_legend().get_texts()] == ["js", "js_estimate"]
    assert js.get_ylim()[0] < -0.5
    assert js.get_ylim()[1] == pytest.approx(0.7, abs=0.1)


def test_what_is_measured_once_has_no_panel():
    """A quantity of the last point alone has no curve; where there is one point in all, it is drawn as a dot."""
    first = {"fraction": 0.5, "meters": {"samples": 640}, "values": {"modes_covered": 3.0}}
    last = {"fraction": 1.0, "meters": {"samples": 1280}, "values": {"modes_covered": 3.0, "w2": 1.0}}
    record = ok("nsgan", 0, 3.0)
    assert [axes.get_title() for axes in draw_curves(replace(record, curve=(first, last))).axes] == ["modes_covered ↑"]
    assert len(draw_curves(replace(record, curve=(last,))).axes) == 2
