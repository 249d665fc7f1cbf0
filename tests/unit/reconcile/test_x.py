from unit.reconcile.driver import Driver
from unit.reconcile.world import World

def test_happy():
    w = World().with_history(3)
    d = Driver(w)
    d.until_parked()
    print(d.steps, d.reason(), d.message())
    w.begin(); w.tick(2); d.poll(); d.until_parked(); print(d.message())
    w.land(); w.tick(2); d.poll(); d.until_parked()
    print(d.steps, len(w.calls), w.calls)
    for c in d.status.conditions: print(c)
    print(d.status.point_in_time)
    assert 0
