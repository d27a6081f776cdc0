"""Figures: they show the numbers they were given, are labelled, and come out the same every time."""

import io

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive, train
from procmem_lite.episodes import Episode
from procmem_lite.lab.plotting import (
    STYLE,
    UNITS,
    draw_path,
    draw_scene,
    heat_map,
    interval_plot,
    learning_curve,
    use_style,
    visualize_training,
)
from procmem_lite.lab.statistics import mean_interval
from procmem_lite.scenes import COLOURS, KINDS, OTHER, SKILLS, colour_of, rgb, scene_to_rgb


@pytest.fixture(autouse=True)
def _no_screen():
    backend = matplotlib.get_backend()
    plt.switch_backend("Agg")
    with plt.rc_context():
        use_style()
        yield
    plt.close("all")
    plt.switch_backend(backend)


@pytest.fixture(scope="module")
def logs():
    return [train(ProceduralMemoryAgent(6, perceive, seed), GridWorld("rooms", 6), 4 + seed, progress=False,
                  seed=10 * seed, keep=True) for seed in range(3)]


def scene(layout="rooms", size=6, seed=0):
    env = GridWorld(layout, size)
    env.reset(seed=seed)
    return env.percept().scene


def png(figure) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def test_a_scene_has_its_colours_where_its_things_are():
    here = scene()
    picture = scene_to_rgb(here, pixels=4)
    assert picture.shape == (24, 24, 3)

    def colour(cell):
        return picture[cell[0] * 4 + 2, cell[1] * 4 + 2].tolist()

    assert colour(here.agent) == rgb(KINDS["agent"]).tolist()
    assert {tuple(colour(cell)) for cell in here.board.walls} == {tuple(rgb("wall").tolist())}
    for kind, _, cell in here.board.items:
        assert colour(cell) == rgb(KINDS[kind]).tolist()


def test_a_thing_has_the_colour_that_its_look_names():
    assert [colour_of("door", look) for look in ("locked", "open", "red locked", "open grey")] == [
        "brown", "brown", "red", "grey"]
    assert [colour_of(kind) for kind in ("key", "goal", "unheard of")] == ["yellow", "green", OTHER]


def test_an_open_door_looks_different():
    env = GridWorld("fixed", 5)
    env.reset(seed=0)
    shut = env.percept().scene
    items = tuple((kind, "open" if kind == "door" else look, cell) for kind, look, cell in shut.board.items)
    opened = shut._replace(board=shut.board._replace(items=items))
    assert not np.array_equal(scene_to_rgb(shut), scene_to_rgb(opened))


def test_a_drawn_scene_names_its_things_and_its_axes():
    axes = draw_scene(scene(), title="A room")
    assert sorted(text.get_text() for text in axes.texts) == ["D", "G", "K"]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")) == ("column", "row", "A room")
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # row 0 on top


def test_a_path_has_a_stroke_for_every_step_and_shows_who_chose_it(logs):
    episode = logs[0].episodes[-1]
    axes = draw_path(episode)
    strokes = [line for line in axes.lines if len(line.get_xdata()) == 2]
    assert len(strokes) == episode.steps
    solid = sum(line.get_linestyle() == "-" for line in strokes)
    assert solid == episode.steps - episode.exploring_steps > 0


def test_a_curve_is_the_mean_over_seeds_with_its_band_cut_to_the_shortest_run(logs):
    axes = learning_curve({"memory": logs}, "steps", title="Steps fall", best=5)
    expected = mean_interval([log.steps[:4] for log in logs])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), expected.value)
    corners = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert corners.min() == pytest.approx(expected.low.min())
    assert corners.max() == pytest.approx(expected.high.max())
    legend = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["memory (3 seeds)", "best possible: 5"]
    assert "95 %" in legend.get_title().get_text()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("episode", UNITS["steps"])


@pytest.mark.parametrize("measure", sorted(UNITS))
def test_every_measure_of_a_log_has_a_curve_and_a_name(logs, measure):
    assert learning_curve({"memory": logs}, measure).get_ylabel() == UNITS[measure]


def test_a_heat_map_writes_every_number_into_its_cell():
    axes = heat_map([[0.25, 1.0], [0.5, 0.75]], ["a", "b"], [5, 8], xlabel="tested on", unit="ratio")
    found = {text.get_position(): text.get_text() for text in axes.texts}
    assert found == {(0, 0): "0.25", (1, 0): "1.00", (0, 1): "0.50", (1, 1): "0.75"}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["5", "8"]


def test_dots_stand_at_their_values_and_lines_at_their_intervals():
    intervals = {"one": mean_interval([1.0, 3.0]), "two": mean_interval([5.0, 6.0])}
    axes = interval_plot(intervals, reference=4)
    assert list(axes.lines[2].get_xdata()) == [2.0, 5.5]
    assert list(axes.lines[1].get_xdata()) == [intervals["two"].low, intervals["two"].high]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first on top


def test_four_panels_show_the_log(logs):
    figure = visualize_training(logs[0], "Steps fall")
    panels = ("total_reward", "steps", "library_size", "uses")
    for axes, measure in zip(figure.axes, panels, strict=True):
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), getattr(logs[0], measure))
        assert axes.get_ylabel() == UNITS[measure]


def test_a_figure_comes_out_the_same_byte_for_byte(logs):
    first, second = (png(learning_curve({"memory": logs}).figure) for _ in range(2))
    assert first == second
    assert first != png(learning_curve({"memory": logs[:2]}).figure)


def test_every_setting_of_the_style_is_known_and_its_colours_differ():
    with plt.style.context(STYLE):
        colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
        assert plt.rcParams["image.cmap"] == "cividis"
    assert len(set(colours)) == len(colours) == 7
    assert set(colours) <= {*COLOURS.values(), *SKILLS}, "a line in no colour of the palette"
    assert len(set(COLOURS.values())) == len(COLOURS)


@pytest.mark.parametrize(("call", "named"), [
    (lambda: learning_curve({}, "speed"), "measure"), (lambda: learning_curve({"memory": []}), "logs"),
    (lambda: heat_map([[1, 2]], [1, 2], [1, 2]), "values"), (lambda: interval_plot({}), "intervals"),
    (lambda: draw_path(Episode()), "episode"),
    (lambda: visualize_training(train(ProceduralMemoryAgent(6, perceive), GridWorld(), 0)), "episodes"),
])
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
