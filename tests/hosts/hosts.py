# SPDX-License-Identifier: MIT
"""Hosts on one machine: network namespaces, joined by a bridge in a namespace of its own.

Each host has an interface eth0 with its own address, and a directory for temporary files.
Nothing is made outside of namespaces and the given directory, so removing the namespaces
removes all; what a killed test left is removed by the next one. Needs root and iproute2.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

AGENT = pathlib.Path(__file__).resolve().parent / "agent.sh"
NETWORK = "10.97.0"


class NotPermitted(Exception):
    """This machine lets us make no hosts."""


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True).stdout


class Hosts:
    """Hosts 1..count. Use as a context: they are gone afterwards."""

    def __init__(self, count, work):
        self.numbers = range(1, count + 1)
        self.name = f"h2v{os.getpid()}"
        self.switch = f"{self.name}-switch"
        self.work = pathlib.Path(work)

    def __enter__(self):
        if os.geteuid() != 0:
            raise NotPermitted("network namespaces need root")
        if not shutil.which("ip") or not shutil.which("tc"):
            raise NotPermitted("iproute2 is not installed")
        remove_stale()
        try:
            self._make()
        except subprocess.CalledProcessError as error:
            self.remove()
            raise NotPermitted(f"{' '.join(error.cmd)}: {error.stderr.strip()}") from error
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    def _make(self):
        ip("netns", "add", self.switch)
        ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.switch, "link", "set", "bridge", "up")
        for number in self.numbers:
            host, port = self.namespace(number), f"port{number}"
            ip("netns", "add", host)
            ip("-n", self.switch, "link", "add", port, "type", "veth",
               "peer", "name", "eth0", "netns", host)
            ip("-n", self.switch, "link", "set", port, "master", "bridge", "up")
            ip("-n", host, "link", "set", "lo", "up")
            ip("-n", host, "addr", "add", f"{self.address(number)}/24", "dev", "eth0")
            ip("-n", host, "link", "set", "eth0", "up")
            (self.work / f"h{number}").mkdir(exist_ok=True)

    def remove(self):
        """Kill what still runs on the hosts, then remove them."""
        remove_namespaces(lambda name: name.startswith(f"{self.name}-"))

    def namespace(self, number):
        return f"{self.name}-{number}"

    @staticmethod
    def address(number):
        return f"{NETWORK}.{number}"

    def mpirun(self, words, **options):
        """Start mpirun on host 1, one rank on every host; the running process."""
        settings = {
            "plm_rsh_agent": AGENT, "plm_rsh_no_tree_spawn": 1, "pml": "ob1",
            "btl": "tcp,self", "btl_tcp_if_include": "eth0", "oob_tcp_if_include": "eth0",
            "oob_tcp_keepalive_time": 10, "oob_tcp_keepalive_intvl": 5,
            "oob_tcp_keepalive_probes": 3, "mpi_yield_when_idle": 1}
        hosts = ",".join(f"{self.address(number)}:1" for number in self.numbers)
        command = [AGENT, self.address(1), "mpirun", "--host", hosts, "--bind-to", "none"]
        for key, value in settings.items():
            command += ["--mca", key, value]
        environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1",
                           OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMP_WAIT_POLICY="passive",
                           H2V_HOSTS_NAME=self.name, H2V_HOSTS_WORK=str(self.work))
        return subprocess.Popen([str(word) for word in command + list(words)],
                                env=environment, stdin=subprocess.DEVNULL, **options)

    def processes(self, number, name):
        """Ids of the processes with this name on a host."""
        return [pid for pid in map(int, ip("netns", "pids", self.namespace(number)).split())
                if name_of(pid) == name]

    def bytes_moved(self, number):
        """What eth0 of a host has sent and received."""
        directory = "/sys/class/net/eth0/statistics"
        text = ip("netns", "exec", self.namespace(number), "cat",
                  f"{directory}/tx_bytes", f"{directory}/rx_bytes")
        return tuple(int(word) for word in text.split())

    def limit(self, megabits):
        """Let every host send at most so many megabits a second."""
        for number in self.numbers:
            subprocess.run(["tc", "-n", self.namespace(number), "qdisc", "replace", "dev",
                            "eth0", "root", "tbf", "rate", f"{megabits}mbit",
                            "burst", "128kb", "latency", "50ms"], check=True)

    def forget_lost_data_soon(self):
        """Let TCP give up data that nobody acknowledges after 13 s, not after 15 minutes."""
        for number in self.numbers:
            ip("netns", "exec", self.namespace(number), "sh", "-c",
               "echo 5 >/proc/sys/net/ipv4/tcp_retries2")

    def cut(self, number):
        """Pull the cable of a host out of the switch."""
        ip("-n", self.switch, "link", "set", f"port{number}", "down")


def remove_namespaces(is_wanted):
    for name in ip("netns", "list", check=False).split():
        if is_wanted(name):
            for pid in ip("netns", "pids", name, check=False).split():
                end(int(pid))
            ip("netns", "del", name, check=False)


def remove_stale():
    """Hosts of a process that is no more."""
    def is_stale(name):
        match = re.fullmatch(r"h2v(\d+)-\w+", name)
        return match and not pathlib.Path(f"/proc/{match[1]}").exists()
    remove_namespaces(is_stale)


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return None


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_until(holds, seconds):
    """Whether it held before the time was over."""
    start = time.monotonic()
    while not holds():
        if time.monotonic() - start > seconds:
            return False
        time.sleep(.1)
    return True
