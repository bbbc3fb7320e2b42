"""The guards of an order's life, each with what its removal would be and the tests that notice it.

A removal is one small change of a module; at least one of its tests must then fail. What no test misses is no
guard, or nobody would notice its loss. `test_guards` carries the removals out.
"""

from dataclasses import dataclass

_ORDERS, _INVENTORY, _CLOUD = "muneris/orders", "muneris/inventory", "muneris/cloud"
_ORDER_TESTS, _STOCK_TESTS, _CLOUD_TESTS = "tests/unit/orders", "tests/unit/inventory", "tests/unit/cloud"
_RACES, _STOCK_RACES = "tests/simulation/test_races.py", "tests/simulation/test_stock_races.py"
_POSTING = f"{_ORDER_TESTS}/life/test_posting.py"
_SERVICE = "tests/integration/simphony/test_service.py"
_ABSENCES = "tests/unit/orders/life/test_absences.py"


@dataclass(frozen=True)
class Guard:
    """A guard, and its removal: `old` is in `module` once, `new` takes its place; `tests` notice it."""

    what: str
    module: str
    old: str
    new: str
    tests: tuple[str, ...]


GUARDS = (
    Guard(
        "an order's row is inserted, which claims its key",
        f"{_ORDERS}/store.py",
        "Transaction(order.property_code).insert(order_key(order.order_id), values)",
        "Transaction(order.property_code).upsert(order_key(order.order_id), values)",
        (f"{_ORDER_TESTS}/intake/test_intake.py::test_the_same_request_is_answered_with_the_same_bytes_however_far_it_moved",),
    ),
    Guard(
        "a key belongs to what was asked with it first",
        f"{_ORDERS}/stored.py",
        "return self.placed_by == caller.subject and self.fingerprint == fingerprint",
        "return self.placed_by == caller.subject",
        (f"{_ORDER_TESTS}/intake/test_intake.py::test_another_body_or_caller_gets_nothing_of_it",),
    ),
    Guard(
        "a key belongs to who used it first",
        f"{_ORDERS}/stored.py",
        "return self.placed_by == caller.subject and self.fingerprint == fingerprint",
        "return self.fingerprint == fingerprint",
        (f"{_ORDER_TESTS}/intake/test_intake.py::test_another_body_or_caller_gets_nothing_of_it",),
    ),
    Guard(
        "a guest's orders are written from the version that was read",
        f"{_ORDERS}/store.py",
        "_add_guest(transaction, claim.placed_by, guest)",
        "_add_guest(transaction, claim.placed_by, replace(guest, etag=guest.etag and ANY))",
        (f"{_RACES}::test_a_guests_last_order_is_taken_once",),
    ),
    Guard(
        "a slot is written from the version that was read",
        f"{_ORDERS}/store.py",
        "_write_new(transaction, place.key, place.values, place.etag)",
        "transaction.upsert(place.key, place.values)",
        (f"{_RACES}::test_the_last_place_is_taken_once",),
    ),
    Guard(
        "intake announces its work before it writes it",
        f"{_ORDERS}/intake/acceptance.py",
        "        await self._agenda.touch(code)\n",
        "",
        (f"{_ORDER_TESTS}/life/test_scheduler.py::test_a_sweep_after_a_crash_finds_what_was_never_sent",),
    ),
    Guard(
        "a command announces its work before it writes it",
        f"{_ORDERS}/life/commands.py",
        "            await self._agenda.touch(property_code)\n",
        "",
        (f"{_RACES}::test_an_order_that_is_cancelled_long_after_is_looked_after",),
    ),
    Guard(
        "an order goes only where its table says",
        f"{_ORDERS}/life/transitions.py",
        "if status not in TRANSITIONS[order.status]:",
        "if not status:",
        (f"{_ORDER_TESTS}/test_model.py::test_only_what_the_table_says_may_follow",),
    ),
    Guard(
        "a completed order is over",
        f"{_ORDERS}/model.py",
        "Status.COMPLETED: frozenset(),",
        "Status.COMPLETED: frozenset({Status.CANCELLING}),",
        (f"{_ORDER_TESTS}/test_model.py::test_only_what_the_table_says_may_follow",),
    ),
    Guard(
        "a payment goes only where its table says",
        f"{_ORDERS}/life/transitions.py",
        "if status not in PAYMENT[payment.status]:",
        "if not status:",
        (f"{_ORDER_TESTS}/test_model.py::test_what_was_paid_or_void_is_so_for_good",),
    ),
    Guard(
        "the kitchen goes forward only",
        f"{_ORDERS}/life/transitions.py",
        'if status not in FULFILMENT[before.status or "accepted"]:',
        "if not status:",
        (f"{_ORDER_TESTS}/test_model.py::test_fulfilment_goes_forward_only",),
    ),
    Guard(
        "an answer is applied to the version it was decided on",
        f"{_ORDERS}/store.py",
        "etag=stored.etag)\n        transaction.upsert(CHANGED",
        "etag=ANY)\n        transaction.upsert(CHANGED",
        (f"{_RACES}::test_an_order_that_is_cancelled_during_its_call_is_voided",),
    ),
    Guard(
        "the ask goes with its answer",
        f"{_ORDERS}/store.py",
        "gone = [*advance.ended, *([] if answered is None else [answered])]",
        "gone = [*advance.ended]",
        (f"{_ORDER_TESTS}/life/test_life.py::test_an_order_comes_to_rest_without_the_sweeper",),
    ),
    Guard(
        "a call is claimed for the order as it was read",
        f"{_ORDERS}/store.py",
        "etag=stored.etag)\n        transaction.merge(work_key",
        "etag=ANY)\n        transaction.merge(work_key",
        (f"{_RACES}::test_an_order_that_is_cancelled_before_it_is_called_for_again_is_not",),
    ),
    Guard(
        "nobody calls while another may be calling",
        f"{_ORDERS}/life/calls.py",
        "return work.claimed_until is not None and work.claimed_until > self._clock.now()",
        "return False",
        (f"{_POSTING}::test_nobody_else_calls_until_the_deadline_of_who_is_calling",),
    ),
    Guard(
        "no call is sent that might outlast its deadline",
        "muneris/simphony/service.py",
        "if deadline - self._clock.now() < self._longest:",
        "if deadline <= self._clock.now():",
        (f"{_SERVICE}::test_after_a_slow_refusal_of_its_token_a_check_is_not_sent_again",),
    ),
    Guard(
        "a repeat looks up first what it may repeat",
        f"{_ORDERS}/life/posting.py",
        "if work.first_sent_at is None:",
        "if work.first_sent_at:",
        (
            f"{_POSTING}::test_a_check_that_is_found_confirms_without_a_call",
            f"{_ORDER_TESTS}/life/test_older_sites.py::test_an_order_whose_answer_was_lost_is_not_sent_again",
            f"{_ORDER_TESTS}/life/test_older_sites.py::test_a_round_whose_answer_was_lost_is_not_sent_again",
        ),
    ),
    Guard(
        "a check is absent only once no call can still open it",
        f"{_ORDERS}/life/calls.py",
        "if looked_at >= over_at:",
        "if over_at:",
        (f"{_POSTING}::test_absence_is_believed_only_once_the_last_call_can_no_longer_be_executed",),
    ),
    Guard(
        "an absence is as old as the look",
        f"{_ORDERS}/life/calls.py",
        "if looked_at >= over_at:",
        "if self._clock.now() >= over_at:",
        (f"{_ABSENCES}::test_an_absence_that_was_seen_before_a_call_was_over_is_looked_at_again",),
    ),
    Guard(
        "what expired while in doubt is given up once it is absent",
        f"{_ORDERS}/life/posting.py",
        "if work != absent and absent.is_expired(self._clock.now()):",
        "if False:",
        (f"{_ABSENCES}::test_an_order_that_expired_meanwhile_is_given_up_once_it_is_surely_absent",),
    ),
    Guard(
        "calls that get lost again and again come to an end",
        f"{_ORDERS}/life/posting.py",
        "if transitions.is_in_vain(absent):",
        "if False:",
        (f"{_ABSENCES}::test_an_order_whose_every_post_is_lost_is_left_to_a_person_after_a_while",),
    ),
    Guard(
        "a repeat has the same id",
        f"{_ORDERS}/life/posted.py",
        "idempotency_id=_digest(order)[-32:],",
        'idempotency_id=__import__("os").urandom(16).hex(),',
        (f"{_POSTING}::test_a_repeat_has_the_same_id",),
    ),
    Guard(
        "a cancelled order is not called for again",
        f"{_ORDERS}/life/posting.py",
        "if stored.order.status is Status.CANCELLING:",
        "if stored.order.status is Status.CANCELLED:",
        (f"{_RACES}::test_an_order_that_is_cancelled_before_it_is_called_for_again_is_not",),
    ),
    Guard(
        "a void whose outcome is unknown is looked up before it is repeated",
        f"{_ORDERS}/life/voiding.py",
        "if work.first_sent_at is not None and not await self._is_open(stored, work, check_ref):",
        "if not work:",
        (f"{_ORDER_TESTS}/life/test_voiding.py::test_after_an_unknown_outcome_a_check_that_was_paid_meanwhile_stays",),
    ),
    Guard(
        "a refusal to void what is void is none",
        f"{_ORDERS}/life/voiding.py",
        "await self._voided(stored, before.ask)",
        "await self._refused(stored, before.ask, refusal)",
        (f"{_ORDER_TESTS}/life/test_voiding.py::test_a_refusal_of_a_check_that_was_voided_by_hand_is_none",),
    ),
    Guard(
        "a doubt is announced before it is written",
        f"{_ORDERS}/life/calls.py",
        "        await self._attention.announce(order.property_code, order.order_id)\n",
        "",
        (f"{_ORDER_TESTS}/reading/test_attention.py::test_it_is_listed_whole_with_its_evidence_long_after_it_owes_nothing",),
    ),
    Guard(
        "a full slot takes nobody",
        f"{_ORDERS}/intake/slots.py",
        "        if len(holders) >= slot.places:\n            return None\n",
        "",
        ("tests/simulation/test_acidrain.py::test_no_more_are_admitted_than_there_are_places",),
    ),
    Guard(
        "a round goes only where its table says",
        f"{_ORDERS}/life/round_transitions.py",
        "if found is None or status not in ROUND[found.status]:",
        "if found is None:",
        (f"{_ORDER_TESTS}/life/test_round_transitions.py::test_only_what_the_table_says_may_follow",),
    ),
    Guard(
        "a void waits for the round on its way",
        f"{_ORDERS}/life/round_transitions.py",
        "return advance if order.is_adding_a_round else _voiding(advance, now)",
        "return _voiding(advance, now)",
        (f"{_ORDER_TESTS}/intake/test_rounds.py::test_a_void_waits_for_the_round_on_its_way",),
    ),
    Guard(
        "what may be in Simphony does not expire",
        f"{_ORDERS}/model.py",
        " and self.first_sent_at is None",
        "",
        (f"{_ORDER_TESTS}/test_model.py::test_work_expires_at_its_time_unless_simphony_may_have_it",),
    ),
    Guard(
        "who expires an order looks again whether somebody called for it",
        f"{_ORDERS}/life/scheduler.py",
        "if stored is None or owed is None or not owed.is_expired(now):",
        "if stored is None or owed is None:",
        (f"{_RACES}::test_an_order_that_is_posted_as_it_expires_does_not",),
    ),
    Guard(
        "a round's key is inserted, which claims it",
        f"{_ORDERS}/store.py",
        "transaction.insert(round_key(order.order_id, round_id), claim_values(claim))",
        "transaction.upsert(round_key(order.order_id, round_id), claim_values(claim))",
        (f"{_ORDER_TESTS}/intake/test_rounds.py::test_it_is_answered_with_a_receipt_that_never_changes",),
    ),
    Guard(
        "an order is not completed while a round is under way",
        f"{_ORDERS}/life/wishes.py",
        "if not all(each.is_over for each in order.rounds):",
        "if not order.history:",
        (
            f"{_ORDER_TESTS}/intake/test_rounds.py::test_an_order_is_not_completed_while_a_round_is_under_way",
            "tests/simulation/test_round_races.py::test_an_order_is_not_completed_as_a_round_is_added",
        ),
    ),
    Guard(
        "a round announces its work before it writes it",
        f"{_ORDERS}/intake/rounds.py",
        "        await self._agenda.touch(stored.order.property_code)\n",
        "",
        (f"{_ORDER_TESTS}/intake/test_rounds.py::test_added_to_an_order_of_yesterday_it_is_looked_after",),
    ),
    Guard(
        "the first of a slot or a guest writes a new row",
        f"{_ORDERS}/store.py",
        "    if etag is None:\n        transaction.insert(key, values)\n",
        "    if etag is None:\n        transaction.upsert(key, values)\n",
        (f"{_RACES}::test_the_last_place_is_taken_once",),
    ),
    Guard(
        "an order that is being cancelled keeps its place",
        f"{_ORDERS}/intake/capacity.py",
        "if order.status in {Status.REJECTED, Status.CANCELLED}:",
        "if order.status in {Status.REJECTED, Status.CANCELLED, Status.CANCELLING}:",
        (f"{_ORDER_TESTS}/intake/test_slots.py::test_a_cancelled_order_leaves_its_place_and_one_being_cancelled_does_not",),
    ),
    Guard(
        "an accepted order is not refused on its retry",
        f"{_ORDERS}/intake/service.py",
        "            earlier = await self._store.find(new.wish.property_code, new.order_id)\n",
        "            earlier = None\n",
        (f"{_ORDER_TESTS}/intake/test_intake.py::test_an_accepted_order_is_never_refused_on_its_retry",),
    ),
    Guard(
        "an order for later is not sent before its time",
        f"{_ORDERS}/intake/acceptance.py",
        "if earlier is None and new.wanted.timing.release_at is None:",
        "if earlier is None:",
        (f"{_ORDER_TESTS}/intake/test_scheduled.py::test_it_waits_until_it_must_be_begun",),
    ),
    Guard(
        "nothing is cancelled in vain for ever",
        f"{_ORDERS}/life/wishes.py",
        "        case Status.CONFIRMED:\n            _require_room(order)\n",
        "        case Status.CONFIRMED:\n",
        (f"{_ORDER_TESTS}/life/test_cancelling.py::test_what_is_cancelled_in_vain_again_and_again_stays_as_it_is_in_the_end",),
    ),
    Guard(
        "no doubt is tried again for ever",
        f"{_ORDERS}/life/wishes.py",
        '        case "retry":\n            _require_room(order)\n',
        '        case "retry":\n',
        (f"{_ORDER_TESTS}/life/test_wishes.py::test_a_doubt_is_not_tried_again_for_ever_and_can_be_settled_otherwise",),
    ),
    Guard(
        "who comes to a full slot goes by no look-up that was begun before",
        f"{_ORDERS}/intake/slots.py",
        "is_recent and came_at is not None and came_at < known.begun_at",
        "is_recent",
        (f"{_ORDER_TESTS}/intake/test_slots.py::test_who_comes_after_a_look_up_has_begun_looks_anew",),
    ),
    Guard(
        "a look-up of a slot is good for a second",
        f"{_ORDERS}/intake/slots.py",
        "is_recent = self._monotonic() - known.begun_at <= LOOK_UP_SECONDS",
        "is_recent = True",
        (f"{_ORDER_TESTS}/intake/test_slots.py::test_who_waits_for_a_slot_goes_by_a_look_up_of_the_last_second",),
    ),
    Guard(
        "a step is sent by who moved it",
        f"{_ORDERS}/store.py",
        "transaction.merge(work_key(work.ask), due_values(work), etag=work.etag)",
        "transaction.merge(work_key(work.ask), due_values(work), etag=ANY)",
        (f"{_RACES}::test_a_step_that_two_sweep_is_asked_again_once",),
    ),
    Guard(
        "a cancelled order gives its stock back",
        f"{_ORDERS}/life/wishes.py",
        "advance = told(moved(order, Status.CANCELLED, now, change), now, Step.RELEASE)",
        "advance = told(moved(order, Status.CANCELLED, now, change), now)",
        (f"{_RACES}::test_inventory_answers_as_an_order_is_cancelled",),
    ),
    Guard(
        "an agenda's entry goes from the version that was read",
        f"{_CLOUD}/agenda.py",
        "delete(entry.key, etag=entry.etag)",
        'delete(entry.key, etag="*")',
        (f"{_RACES}::test_work_that_comes_as_its_property_leaves_the_agenda_is_found",),
    ),
    Guard(
        "a young entry of an agenda stays",
        f"{_CLOUD}/agenda.py",
        'if self._clock.now() - from_rfc3339(entry.text("Touched")) < SETTLED_AFTER:',
        "if not entry:",
        (f"{_CLOUD_TESTS}/test_agenda.py::test_a_young_entry_stays_and_an_old_one_goes",),
    ),
    Guard(
        "a conflict after a lost answer is settled by reading back",
        f"{_CLOUD}/tables/retried.py",
        "if not tries.answer_lost:\n                    raise",
        "raise",
        (f"{_ORDER_TESTS}/life/test_lost_claims.py::test_what_another_order_said_of_itself_takes_nothing_away",),
    ),
    Guard(
        "a write whose mark is another's was not ours",
        f"{_CLOUD}/tables/retried.py",
        "if row.values.get(MARK) == marks[row.key]",
        "if row.values.get(MARK)",
        (f"{_ORDER_TESTS}/life/test_lost_claims.py::test_what_somebody_has_written_since_is_theirs",),
    ),
    Guard(
        "stock is written from the version that was read",
        f"{_INVENTORY}/store.py",
        "rows.stock_values(item), etag=before.etag)",
        'rows.stock_values(item), etag="*")',
        (f"{_STOCK_RACES}::test_the_last_of_an_item_are_held_once",),
    ),
    Guard(
        "an item is put over the version that was read",
        f"{_INVENTORY}/store.py",
        "transaction.replace(key, values, etag=change.before.etag)",
        'transaction.replace(key, values, etag="*")',
        (f"{_STOCK_RACES}::test_an_item_that_is_put_keeps_what_is_held_meanwhile",),
    ),
    Guard(
        "nothing is rejected from memory",
        f"{_INVENTORY}/known.py",
        "return (relied_on | contested | self._doubted) - self._fresh",
        "return (contested | self._doubted) - self._fresh",
        (f"{_STOCK_TESTS}/test_processes.py::test_nothing_is_rejected_from_memory",),
    ),
    Guard(
        "a release that overtakes its reserve leaves a tombstone",
        f"{_INVENTORY}/model.py",
        "    (None, Command.RELEASE): HoldStatus.RELEASED,\n",
        "",
        (
            f"{_STOCK_TESTS}/test_answers.py::test_a_release_that_overtakes_its_reserve_wins",
            f"{_STOCK_RACES}::test_what_is_released_before_it_is_held_is_never_held",
        ),
    ),
    Guard(
        "what is given back after it was used is returned",
        f"{_INVENTORY}/model.py",
        "    (HoldStatus.CONSUMED, Command.RELEASE): HoldStatus.RETURNED,\n",
        "",
        (f"{_STOCK_TESTS}/test_answers.py::test_a_release_after_consuming_returns_once",),
    ),
    Guard(
        "a hold that changed is not removed",
        f"{_INVENTORY}/store.py",
        "transaction.delete(row.key, etag=row.etag)",
        'transaction.delete(row.key, etag="*")',
        (f"{_STOCK_TESTS}/test_upkeep.py::test_holds_that_change_meanwhile_are_left_for_the_next_run",),
    ),
    Guard(
        "a movement is made once",
        f"{_INVENTORY}/movements.py",
        "if before is not None:",
        "if not asked:",
        (f"{_STOCK_RACES}::test_a_movement_that_is_made_elsewhere_meanwhile_is_one",),
    ),
    Guard(
        "what orders hold cannot be thrown away",
        f"{_INVENTORY}/movement.py",
        "if item.available < 0:",
        "if item.on_hand < 0:",
        (f"{_STOCK_RACES}::test_what_is_held_meanwhile_is_not_thrown_away",),
    ),
    Guard(
        "who remembers an order from before a round was asked for reads it",
        f"{_ORDERS}/life/progress.py",
        "if recalled is not None and ask not in recalled.order.awaited:",
        "if recalled is not None and not event.type:",
        (f"{_ORDER_TESTS}/life/test_recalled.py::test_a_round_that_another_process_asked_stock_for_hears_the_answer_here",),
    ),
    Guard(
        "an answer says when it was asked for",
        f"{_INVENTORY}/events.py",
        "if event.time is not None:",
        "if not event.type:",
        (f"{_ORDER_TESTS}/life/test_scheduler.py::test_how_late_inventory_answers_is_learned_from_its_answers",),
    ),
)  # fmt: skip
