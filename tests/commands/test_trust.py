"""What lies beside a sheet may have come with it: it sets nothing until it is trusted, and says so."""

from __future__ import annotations

import pytest

from tests.commands.conftest import POST, Desk
from tests.commands.test_mcp import talk, told
from tests.rig.server import RigServer

OURS, THEIRS = "01234567-89ab-4def-8123-456789abcdef", "99999999-2222-4333-8444-bbbbbbbbbbbb"
PLANTED = f'via = "publish"\nsettle_seconds = 0\n[sites.pottery]\nsite_id = "{THEIRS}"\n'
SHEET = [{**POST, "site": "pottery"}]
REACHING = [
    ("plan", "posts.csv"),
    ("run", "posts.csv", "--yes"),
    ("pull", "--out", "pulled.csv"),
    ("accounts",),
    ("doctor",),
    ("template", "--connected", "--out", "new.xlsx"),
    ("watch", "--once"),
    ("watch", "--once", "--notify-command", "tee told.json"),
    ("report", "--month", "2031-01"),
    ("status", "posts.results.json"),
    ("undo", "last", "--yes"),
]


@pytest.fixture
def server():
    with RigServer(sites=[OURS, THEIRS]) as running:
        yield running


@pytest.fixture
def mailed(site):
    """A folder as it was mailed: a sheet, and a configuration that sends it to another client's site."""
    site.write("posts.csv", SHEET)
    (site.folder / "postbatch.toml").write_text(PLANTED, encoding="utf-8")
    return Desk(site.folder, {**site.environ, "WIX_SITE_ID": ""})


@pytest.mark.parametrize("arguments", REACHING, ids=" ".join)
def test_a_configuration_that_came_with_the_sheet_is_not_obeyed_and_what_it_would_set_is_shown(
    mailed, service, arguments
):
    ended = mailed(*arguments)
    assert (ended.status, service.calls()) == (2, [])
    shown = ended.err + ended.out
    for part in ('via = "publish"', "settle_seconds = 0", f'[sites.pottery] site_id = "{THEIRS}"'):
        assert part in shown
    assert "postbatch.toml in the current folder" in shown or "postbatch.toml beside the sheet" in shown
    assert "postbatch trust postbatch.toml" in shown


def test_an_agents_server_obeys_no_planted_configuration_either(mailed, service):
    calls = [("plan", {"sheet": "posts.csv"}), ("report", {"month": "2031-01"}), ("accounts", {})]
    for answer in map(told, talk(mailed, *calls)[1]):
        assert answer["exit_status"] == 2
        assert "postbatch trust postbatch.toml" in " ".join(answer["messages"])
    assert service.calls() == []


def test_no_configuration_chooses_where_alerts_go(site, service, tmp_path):
    """Neither a planted file nor a trusted one: the address is a variable, the command is on the command line."""
    for name in ("notify", "notify_url", "notify_command"):
        (site.folder / "postbatch.toml").write_text(f'{name} = "https://evil.example/"\n', encoding="utf-8")
        ended = site("watch", "--once", "--notify")
        assert (ended.status, service.calls()) == (2, [])
        assert site("trust").status == 2
    (site.folder / "postbatch.toml").unlink()
    ended = site("watch", "--once", "--notify")
    assert ended.status == 2
    assert "--notify needs an https address in POSTBATCH_NOTIFY_URL" in ended.err


def test_init_writes_the_persons_own_file_and_neither_reads_nor_trusts_a_planted_one(mailed, service, tmp_path):
    ended = mailed(
        "init", "--name", "garden", "--site-id", OURS, "--timezone", "UTC", "--key-variable", "WIX_GARDEN_KEY"
    )
    assert (ended.status, service.calls()) == (0, []), ended.err
    own = (tmp_path / "config" / "postbatch" / "postbatch.toml").read_text(encoding="utf-8")
    assert OURS in own
    assert THEIRS not in own
    assert (mailed.folder / "postbatch.toml").read_text(encoding="utf-8") == PLANTED
    assert mailed("plan", "posts.csv").status == 2


@pytest.mark.parametrize("arguments", [("check", "posts.csv"), ("run", "posts.csv", "--sandbox", "--yes"), ("runs",)])
def test_what_reaches_nothing_reads_it_as_it_is(mailed, service, arguments):
    ended = mailed(*arguments)
    assert (ended.status, service.calls()) == (0, []), ended.err


def test_it_counts_once_it_is_trusted_and_no_longer_after_a_change_or_a_move(mailed, service):
    trusted = mailed("trust")
    assert (trusted.status, trusted.err) == (0, "")
    assert 'via = "publish"' in trusted.out
    assert mailed("plan", "posts.csv").status == 0
    (mailed.folder / "postbatch.toml").write_text(PLANTED + 'timezone = "UTC"\n', encoding="utf-8")
    assert mailed("plan", "posts.csv").status == 2
    (mailed.folder / "postbatch.toml").write_text(PLANTED, encoding="utf-8")
    assert mailed("plan", "posts.csv").status == 0
    (mailed.folder / "other").mkdir()
    for name in ("posts.csv", "postbatch.toml"):
        (mailed.folder / "other" / name).write_bytes((mailed.folder / name).read_bytes())
    (mailed.folder / "postbatch.toml").unlink()
    ended = mailed("plan", "other/posts.csv")
    assert ended.status == 2
    assert "postbatch trust other/postbatch.toml" in ended.err


def test_a_configuration_that_is_named_counts(mailed):
    assert mailed("plan", "posts.csv", "--config", "postbatch.toml").status == 0


def test_only_a_file_that_is_there_and_right_can_be_trusted(desk):
    ended = desk("trust")
    assert (ended.status, "There is no file postbatch.toml" in ended.err) == (2, True)
    (desk.folder / "postbatch.toml").write_text("api_key = 'IST.secret'", encoding="utf-8")
    ended = desk("trust")
    assert ended.status == 2
    assert "seems to hold a key itself" in ended.err
    assert "secret" not in ended.err + ended.out


def test_no_variable_but_a_credentials_own_goes_out_as_one(site, service, tmp_path):
    site.write("posts.csv", SHEET)
    config = f'[sites.pottery]\nsite_id = "{THEIRS}"\napi_key_env = "GITHUB_TOKEN"\n'
    (site.folder / "postbatch.toml").write_text(config, encoding="utf-8")
    environ = {"GITHUB_TOKEN": "ghp-not-yours", "WIX_API_KEY": "", "WIX_SITE_ID": ""}
    for arguments in (["--config", "postbatch.toml"], []):
        site("trust")
        ended = site("plan", "posts.csv", *arguments, environ=environ)
        assert (ended.status, service.calls()) == (2, [])
        assert "api_key_env names GITHUB_TOKEN" in ended.err
    own = tmp_path / "config" / "postbatch"
    own.mkdir(parents=True)
    (own / "postbatch.toml").write_text(config.replace(THEIRS, OURS), encoding="utf-8")
    assert site("plan", "posts.csv", "--config", "postbatch.toml", environ=environ).status == 0


def test_escapes_in_a_planted_file_reach_no_terminal(mailed):
    (mailed.folder / "postbatch.toml").write_text(
        '[sites."a\\u001b[2K\\u202e"]\nsite_id = "01234567-89ab-cdef-0123-456789abcdef"\n', encoding="utf-8"
    )
    shown = mailed("plan", "posts.csv")
    assert shown.status == 2
    assert "[sites." in shown.err
    assert not {"\x1b", "\u202e"} & set(shown.err)


def test_plan_run_and_results_name_each_site_with_its_id_and_the_file_that_says_so(mailed):
    mailed("trust")
    told = "Site pottery (99999999-...), from postbatch.toml beside the sheet."
    assert told in mailed("plan", "posts.csv", "--page", "plan.html").out
    assert "pottery (99999999-...)" in (mailed.folder / "plan.html").read_text(encoding="utf-8")
    ended = mailed("run", "posts.csv", "--yes", "--out", "out.json", "--page", "out.html")
    assert ended.status == 0, ended.err
    assert told in ended.out
    assert "pottery (99999999-...)" in (mailed.folder / "out.html").read_text(encoding="utf-8")
    assert [post["site"] for post in mailed.posts("out.json")] == ["pottery"]


def test_a_site_of_the_environment_is_named_with_its_variable(site, server):
    site.write("posts.csv", [POST])
    assert "Your site (01234567-...), from WIX_SITE_ID." in site("plan", "posts.csv", environ={"WIX_SITE_ID": OURS}).out
