"""The duel: its losses and steps beside PyTorch's, its stories, and what a person does with it."""

import itertools
import math

import pytest
import sites
import torch
from explorers import resize
from torch import nn

from dcgan_course.losses import d_loss, g_loss

PHONE = {"width": 390, "height": 844}
NAMES = ("non_saturating", "minimax", "least_squares", "hinge")


@pytest.fixture(scope="module")
def js(browser):
    """networks.js and game.js alone."""
    page = browser.new_page()
    page.add_script_tag(content=sites.script("networks", "game"))
    yield page.evaluate
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_losses_are_those_of_the_course(js, name):
    real, fake = (torch.linspace(-4.1, 4.1, 9) * k for k in (1, -0.7))
    real.requires_grad_(), fake.requires_grad_()
    found = js("""([real, fake, name]) => ["real", "fake", "g"].map(side => {
        const {loss, slopes} = cost(Float64Array.from(side === "real" ? real : fake), LOSSES[name][side]);
        return [loss, ...slopes]; })""", [real.tolist(), fake.tolist(), name])
    both, only = d_loss(real, fake, name), g_loss(fake, name)
    assert found[0][0] + found[1][0] == pytest.approx(both.item(), abs=1e-5)
    assert found[2][0] == pytest.approx(only.item(), abs=1e-5)
    for line, (loss, x) in zip(found, ((both, real), (both, fake), (only, fake)), strict=True):
        assert line[1:] == pytest.approx(torch.autograd.grad(loss, x, retain_graph=True)[0].tolist(), abs=1e-5)


def network(weights):
    layers = []
    for W, b in weights:
        layer = nn.Linear(len(W) // len(b), len(b), dtype=torch.double)
        layer.weight.data = torch.tensor(W, dtype=torch.double).view_as(layer.weight)
        layer.bias.data = torch.tensor(b, dtype=torch.double)
        layers += [layer, nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def weights_of(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


@pytest.mark.parametrize("name, r1, linear", [(name, r1, False) for name in NAMES for r1 in (0, 0.7)]
                         + [("non_saturating", 1, True)])
def test_three_steps_are_those_of_torch(js, name, r1, linear):
    """Both players' weights after three steps of the game, and of a plain loop in PyTorch on the same numbers; R1 by
    autograd."""
    lr_D, lr_G = 0.003, 0.002
    settings = {"data": "ring", "loss": name, "lrD": lr_D, "lrG": lr_G, "r1": r1, "linear": linear, "seed": 5}
    begin, batches, end, penalties = js("""settings => {
        const flat = net => net.layers.map(({W, b}) => [[...W], [...b]]);
        const game = new Game(settings), twin = new Game(settings), begin = [flat(game.G), flat(game.D)], batches = [];
        const told = [];
        for (let k = 0; k < 3; k++) {
          batches.push([[...twin.real(BATCH)], Array.from({length: 2 * BATCH}, () => gauss(twin.uniform))]);
          game.play();
          told.push([game.losses.D, game.losses.G]);
        }
        return [begin, batches, [flat(game.G), flat(game.D)], told]; }""", settings)
    netG, netD = map(network, begin)
    optG = torch.optim.Adam(netG.parameters(), lr=lr_G, betas=(0.5, 0.999))
    optD = torch.optim.Adam(netD.parameters(), lr=lr_D, betas=(0.5, 0.999))
    for (x, z), told in zip(batches, penalties, strict=True):
        x_real, z = (torch.tensor(values, dtype=torch.double).view(-1, 2) for values in (x, z))
        x_real.requires_grad_()
        x_fake = netG(z)
        logits_real = netD(x_real).flatten()
        slopes = torch.autograd.grad(logits_real.sum(), x_real, create_graph=True)[0]
        loss_D = d_loss(logits_real, netD(x_fake.detach()).flatten(), name) + r1 / 2 * slopes.square().sum(1).mean()
        optD.zero_grad()
        loss_D.backward()
        optD.step()
        loss_G = g_loss(netD(x_fake).flatten(), name)
        optG.zero_grad()
        loss_G.backward()
        optG.step()
        assert told == pytest.approx([loss_D.item(), loss_G.item()], abs=1e-5)
    for mine, theirs in zip((netG, netD), map(network, end), strict=True):
        assert (weights_of(mine) - weights_of(theirs)).abs().max() < 1e-5
    assert (weights_of(netD) - weights_of(network(begin[1]))).abs().max() > 1e-3


def test_an_arrow_is_the_gradient_at_a_point(js):
    weights, points, pull = js("""() => {
        const game = new Game({...USUAL, seed: 3}), points = game.points().slice(0, 40);
        return [game.D.layers.map(({W, b}) => [[...W], [...b]]), [...points], [...game.pull(points)]]; }""")
    x = torch.tensor(points, dtype=torch.double).view(-1, 2).requires_grad_()
    g_loss(network(weights)(x).flatten(), "non_saturating").backward()
    assert pull == pytest.approx((-20 * x.grad).flatten().tolist(), abs=1e-5)


STORY = """([link, steps]) => {
    const settings = {...USUAL, ...link}, game = new Game(settings), seen = [];
    for (let k = 1; k <= steps; k++) {
      game.play();
      if (k % 20) continue;
      const p = game.points(), n = p.length / 2, mean = [0, 0];
      for (let i = 0; i < p.length; i++) mean[i % 2] += p[i] / n;
      let spread = 0;
      for (let i = 0; i < p.length; i++) spread += (p[i] - mean[i % 2]) ** 2 / n;
      seen.push({mean, spread: Math.sqrt(spread), ...game.score(p)});
    }
    return seen; }"""


@pytest.fixture(scope="module")
def story(site, browser, js):
    """What the link of a preset leads to: {"mean", "spread", "covered", ...} of every 20th step."""
    page = browser.new_page(reduced_motion="reduce")
    page.goto((site / "duel.html").as_uri())
    read = "all => all.map(a => [a.textContent, a.getAttribute('href')])"
    links = dict(page.locator(".presets a").evaluate_all(read))
    page.close()

    def told(name, steps):
        words = dict(word.split("=") for word in links[name][1:].split("&"))
        keys = {"d": "lrD", "g": "lrG", "r1": "r1", "seed": "seed"}
        link = {keys.get(k, k): float(v) if k in keys else True if k == "linear" else v for k, v in words.items()}
        return js(STORY, [link, steps])

    return told


def moves(seen):
    return [math.dist(a["mean"], b["mean"]) for a, b in itertools.pairwise(seen)]


def median(values):
    return sorted(values)[len(values) // 2]


def test_healthy(story):
    seen = story("Healthy", 1200)
    assert seen[4]["covered"] < 8 and seen[-1]["covered"] == 8 and seen[-1]["near"] > 0.5


def test_collapse(story):
    """One point for every z, most of the time, which hardly moves."""
    seen = story("Collapse", 600)[15:]
    assert median([s["spread"] for s in seen]) < 0.1 and median([s["covered"] for s in seen]) <= 1
    assert median(moves(seen)) < 0.3


def test_hopping(story):
    """A crowd that visits one mode after the other, and covers none for long."""
    seen = story("Hopping", 700)[15:]
    modes = [round(math.atan2(s["mean"][1], s["mean"][0]) / (math.pi / 4)) % 8 for s in seen
             if 1.5 < math.hypot(*s["mean"]) < 2.5]
    assert len(set(modes)) >= 4 and max(s["covered"] for s in seen) <= 2 and median(moves(seen)) > 0.8


def distances(seen):
    return [math.dist(s["mean"], (1.3, 0.9)) for s in seen]


def test_circling_and_its_cure(story):
    """Without R1 the middle of G's points turns around the mode, ever farther away; with R1 it comes to rest there."""
    circling, cured = story("Circling", 1200), story("Cured by R1", 1200)
    angles = [math.atan2(s["mean"][1] - 0.9, s["mean"][0] - 1.3) for s in circling]
    turned = sum((b - a + math.pi) % (2 * math.pi) - math.pi for a, b in itertools.pairwise(angles))
    assert abs(turned) > 6 * math.pi
    assert median(distances(circling[-15:])) > max(0.2, 2 * median(distances(circling[10:25])))
    assert max(distances(cured[-15:])) < 0.05


# ---- the page


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(offline=True, reduced_motion="reduce", has_touch=True)
    yield context
    context.close()


@pytest.fixture
def page(site, context):
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((site / "duel.html").as_uri())
    page.locator(".plane").wait_for()
    yield page
    page.close()
    assert not errors


def words(page):
    return page.locator(".duel .caption").inner_text()


def plays(page, step=3):
    page.wait_for_function("step => parseInt(document.querySelector('.duel .caption').textContent.slice(5)) >= step",
                           arg=step)


def test_it_stands_still_for_who_asked_for_less_motion_and_plays_on_demand(page):
    assert words(page).startswith("step 0 ")
    page.get_by_role("button", name="Play", exact=True).click()
    plays(page)
    page.locator(".plane").press(" ")
    assert page.get_by_role("button", name="Play", exact=True).is_visible()
    page.locator(".plane").press("r")
    page.locator(".plane").press("s")
    page.wait_for_function("document.querySelector('.duel .caption').textContent.startsWith('step 1 ')")


def test_sixty_steps_a_second_however_long_a_frame_takes(site, browser):
    """By the clock of the page: a second of frames that come every 20 milliseconds, and one of frames every 100."""
    page = browser.new_page(reduced_motion="reduce")
    page.clock.install(time=0)
    page.goto((site / "duel.html").as_uri())
    page.clock.pause_at(60_000)
    page.get_by_role("button", name="Play", exact=True).click()
    steps = [0]
    for frame in (20, 100):
        for _ in range(1000 // frame):
            page.clock.fast_forward(frame)
        steps.append(int(words(page).split()[1]))
    page.close()
    assert [b - a for a, b in itertools.pairwise(steps)] == pytest.approx([60, 60], abs=6)


def test_a_link_reproduces_the_game(page):
    page.get_by_role("slider", name="G learns at").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Grid").click()
    page.locator("label", has_text="Loss").locator("select").select_option("hinge")
    step = page.get_by_role("button", name="One step")
    page.get_by_role("button", name="Start again").click()
    for _ in range(3):
        step.click()
    page.wait_for_function("document.querySelector('.duel .caption').textContent.startsWith('step 3 ')")
    before = page.locator(".duel .losses").inner_text()
    url = page.url
    assert "data=grid" in url and "loss=hinge" in url and "g=0.005" in url
    page.goto("about:blank")
    page.goto(url)
    for _ in range(3):
        step.click()
    page.wait_for_function("document.querySelector('.duel .caption').textContent.startsWith('step 3 ')")
    assert page.locator(".duel .losses").inner_text() == before
    page.goto(url.partition("#")[0] + "#data=nonsense&g=7&seed=-1")  # what is not understood is left as usual
    assert page.get_by_role("button", name="Ring").get_attribute("aria-pressed") == "true"


def test_own_data_by_finger_and_by_keys(page):
    resize(page, PHONE)
    page.get_by_role("button", name="Your own").click()
    plane = page.locator(".plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    page.touchscreen.tap(box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"])
    page.wait_for_function("/points=[^&]{3}$/.test(location.hash)")  # one, of two bytes
    plane.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("/points=[^&]{6}$/.test(location.hash)")
    url = page.url
    page.get_by_role("button", name="One step").click()
    page.wait_for_function("document.querySelector('.duel .caption').textContent.startsWith('step 1')")
    page.goto("about:blank")
    page.goto(url)
    assert page.url == url and page.get_by_role("button", name="Wipe").is_visible()


def test_five_steps_that_can_be_skipped(page):
    titles = []
    for _ in range(5):
        titles.append(page.locator(".step-title").inner_text())
        page.locator(".steps .next").click()
    assert [title[:6] for title in titles] == [f"{k} of 5" for k in range(1, 6)]
    assert not page.locator(".steps").is_visible()
    page.reload()
    page.get_by_role("button", name="Skip").click()
    assert not page.locator(".steps").is_visible()


def test_touch_targets(page):
    resize(page, PHONE)
    small = page.evaluate("""() => [...document.querySelectorAll(".duel :is(button, input, select, .presets a)")]
        .filter(e => e.checkVisibility()).map(e => {
          const box = (e.matches("[type=checkbox]") ? e.parentElement : e).getBoundingClientRect();
          return [e.getAttribute("aria-label") || e.textContent, box.width, box.height]; })
        .filter(([, width, height]) => width < 43.9 || height < 43.9)""")
    assert small == []
