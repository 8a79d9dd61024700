"""What the demo's people say, written by hand: short threads, each in one channel.

A line is (username, text). A word in «guillemets» is filled in from WORDS, the same throughout a thread. A
third part says what happens to the message later: another text, or DELETED.
"""
# ruff: noqa: E501  # what people say has no line length

from dataclasses import dataclass
from typing import Final

DELETED: Final = "\0"


@dataclass(frozen=True, slots=True)
class Line:
    author: str
    text: str
    later: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    channel: str
    lines: tuple[Line, ...]


WORDS: Final[dict[str, tuple[str, ...]]] = {
    "shop": (
        "Velo Nord", "Kinzig Bikes", "Pedal & Pine", "Rad am Ring", "Two Wheels Lisbon", "Harbour Cycles",
        "La Bicyclette Bleue", "Fietspunt Oost", "Ciclo Levante", "Spoke Street", "Tandem Tours", "Lakeside Rentals",
    ),
    "feature": (
        "the new calendar", "group bookings", "deposit holds", "the damage report", "invoice drafts", "the fleet map",
        "waiting lists", "the returns screen", "opening hours", "the price rules", "the e-mail editor", "CSV export",
    ),
    "page": ("/bookings", "/fleet", "/invoices", "/settings/hours", "/returns", "/customers", "/reports/daily"),
    "browser": ("Safari 17", "Firefox", "Chrome on Android", "an old iPad", "Edge", "the kiosk tablet"),
    "branch": (
        "fix-double-charge", "calendar-keys", "faster-fleet", "hold-expiry", "invoice-rounding", "drop-old-webhooks",
        "nightly-totals", "returns-scanner", "tz-again", "price-rules-2",
    ),
    "version": tuple(f"4.{minor}.{patch}" for minor in range(12, 31) for patch in range(4)),
    "number": tuple(str(number) for number in range(3, 98)),
    "pr": tuple(str(number) for number in range(2104, 2970)),
    "ticket": tuple(f"FW-{number}" for number in range(3100, 4400)),
    "ms": tuple(str(number) for number in range(110, 1900, 7)),
    "percent": tuple(str(number) for number in range(2, 41)),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "time": ("9:30", "10:15", "11:00", "13:30", "14:00", "15:15", "16:00", "16:45"),
    "food": (
        "ramen", "falafel", "pierogi", "the Thai place", "banh mi", "leftovers", "pizza by the canal", "dosa",
        "a very large salad", "the soup cart", "burritos", "bagels",
    ),
    "host": ("web-1", "web-2", "db-1", "db-2", "worker-1", "worker-3", "queue-2"),
    "city": ("Lisbon", "Rotterdam", "Freiburg", "Gdynia", "Annecy", "Bologna", "Malmö", "Porto"),
}  # fmt: skip


def thread(channel: str, *lines: tuple[str, str] | tuple[str, str, str]) -> Thread:
    return Thread(channel, tuple(Line(*line) for line in lines))


THREADS: Final[tuple[Thread, ...]] = (
    # hiring, which is private
    thread(
        "hiring",
        ("maya", "Five applications for the front-end role this week. Two of them sent a bicycle joke."),
        ("ines", "Those two go on top of the pile, obviously"),
        ("jonas", "I have read all five. Shall we talk to numbers 2 and 4?"),
        ("aiko", "Yes to both. Number 4's portfolio has the calmest date picker I have ever seen."),
        ("maya", "Inviting them for «day», «time»."),
    ),
    thread(
        "hiring",
        ("jonas", "The exercise takes people four hours. That is too long."),
        ("ines", "Half of it is setting up the project. We could hand out one that runs."),
        ("jonas", "Good. I'll cut it down to ninety minutes and try it on Ben."),
        ("maya", "Poor Ben 🙂"),
    ),
    thread(
        "hiring",
        ("maya", "She said yes! Starts on the first, in Lisbon. 🎉"),
        ("ines", "🎉🎉🎉"),
        ("aiko", "Best news of the week. I'll sort out the desk by the window."),
        ("jonas", "Nothing in the other channels until she has told her team, please."),
        ("maya", "Of course. That's what this room is for."),
    ),
    # what maya and aiko say to each other
    thread(
        "maya and aiko",
        ("aiko", "Do you have ten minutes for the booking screen before the review?"),
        ("maya", "At «time»? I'm in a call until then."),
        ("aiko", "Perfect. I'll put both versions side by side."),
        ("maya", "👍"),
    ),
    thread(
        "maya and aiko",
        ("maya", "Thank you for saying it that kindly in the review. They took it well."),
        ("aiko", "It was good work that needed one more week, I tried to say just that."),
        ("maya", "You did."),
    ),
    thread(
        "maya and aiko",
        ("aiko", "I'd like to take «day» off, my sister is in town."),
        ("maya", "Of course, enjoy! Anything I should keep an eye on?"),
        ("aiko", "Only the icons for «feature». Inês has the file and knows what is missing."),
        ("maya", "Noted. Take her to the soup cart 🍜"),
        ("aiko", "She asked for it already 😄"),
    ),
    # public
    thread(
        "public",
        (
            "maya",
            "Good morning everyone! 👋 Quick reminder that the quarterly demo is on «day» at «time». Two minutes each, no slides.",
        ),
        ("ben", "No slides at all?"),
        ("maya", "One slide if it is a photo of a bicycle 🚲"),
        ("ben", "Deal."),
        ("sofia", "I already have eleven photos of bicycles"),
        ("jonas", "Of course you do"),
    ),
    thread(
        "public",
        ("jonas", "Please welcome Inês back from leave! 🎉"),
        ("ines", "Thank you! I have 1,412 unread mails and a very good tan."),
        ("priya", "Select all, archive. It is the only way."),
        ("ines", "Done. If it mattered, say it again."),
        ("omar", "welcome back!! the build has missed you"),
        ("ines", "The build or the person who fixes the build? 😄"),
    ),
    thread(
        "public",
        (
            "sofia",
            "The story about «shop» is up: https://blog.fernway.example/stories/from-paper-to-fernway\nThey went from a paper ledger to us in one weekend. Please share it if you like it.",
        ),
        ("lucas", "They are the nicest people. They sent us honey last year."),
        ("yael", "So THAT is where the honey came from"),
        ("aiko", "The photos are gorgeous, Sofia"),
        ("sofia", "All Nadia's work, I only wrote the words"),
    ),
    thread(
        "public",
        (
            "omar",
            "Heads-up: the office network will be off on «day» from 7 to 8 in the morning while they change the router.",
        ),
        ("tomasz", "Finally. Will the new one reach the kitchen?"),
        ("omar", "It will reach the balcony."),
        ("tomasz", "🙌"),
    ),
    thread(
        "public",
        (
            "maya",
            "Numbers for last month, short version:\n\n- «number» new shops\n- rentals up «percent» %\n- support answers within 3 h 10 min on average (down from 4 h)\n\nLong version in the usual place.",
        ),
        ("nadia", "And for the first time the weekend peak did not wake up Omar."),
        ("omar", "I slept until ten. It felt illegal."),
        ("jonas", "Thank you all. Really."),
        ("lucas", "3 h 10 min!! 🥹"),
    ),
    thread(
        "public",
        ("yael", "Fire drill at «time» today. Walk, don't run, and leave the laptops."),
        ("ben", "What if the laptop is compiling?"),
        ("yael", "Then it dies a hero."),
    ),
    thread(
        "public",
        ("priya", "Does anybody have the badge for the bike cellar? Mine opens everything but that."),
        ("aiko", "Top drawer next to the printer, on the yellow ribbon"),
        ("priya", "Found it, thanks!"),
    ),
    thread(
        "public",
        ("yael", "בוקר טוב לכולם! מחר אני עובדת מהבית, אפשר להשיג אותי כאן כל היום."),
        ("maya", "Enjoy the quiet! (And thank you, translation bot in my head.)"),
        ("yael", "It said: good morning, home tomorrow, reachable here all day 🙂"),
    ),
    thread(
        "public",
        ("jonas", "Who would come to the meetup in «city»? I can get four tickets."),
        ("nadia", "Me!"),
        ("ben", "me too"),
        ("tomasz", "If there is a train, yes"),
        ("jonas", "There is a train. One left.", "There is a train. (All four are gone now.)"),
        ("ines", "Mine ✋"),
    ),
    # product
    thread(
        "product",
        (
            "maya",
            "I talked to «shop» for an hour. The thing they ask for is not what they told support.\n\nThey say: a faster search.\nThey do: type the same customer's name three times a day, because the booking forgets it.",
        ),
        (
            "yael",
            'Same in four of my last six interviews. They call it "search" because that is where it hurts.',
        ),
        ("aiko", "So: remember the customer, and search may stay as it is?"),
        ("maya", "Exactly. I'd rather ship that this month than a search project next quarter."),
        ("jonas", "A week, not a month. Tomasz wanted to do it anyway."),
        ("maya", "❤️"),
    ),
    thread(
        "product",
        (
            "nadia",
            "«feature»: «percent» % of shops touched it in the first week, and two thirds of those came back to it.",
        ),
        ("maya", "That is better than I dared to hope. Which ones did not come back?"),
        ("nadia", "Almost only shops with fewer than ten bikes."),
        ("yael", "Makes sense: with eight bikes you look out of the window."),
        ("maya", "Then let us hide it for them until they grow. Fewer buttons for small shops, always."),
        ("sofia", '"You look out of the window" goes straight into the newsletter'),
    ),
    thread(
        "product",
        ("lucas", "Third request this week to print the day's bookings on one page."),
        ("maya", "On paper?"),
        ("lucas", "On paper. They hang it next to the workshop door. Grease does not matter there."),
        ("aiko", "I can do a print style sheet this afternoon, it is one evening of CSS at most"),
        ("ines", "Please leave out the sidebar 🙏"),
        ("aiko", "And the colours. Black ink only."),
        ("maya", "Sold. Ship it without a ticket."),
    ),
    thread(
        "product",
        (
            "maya",
            "Draft of the next six weeks:\n1. remember the customer\n2. deposit holds that end by themselves\n3. «feature», second part\n4. nothing else\n\nNumber four is the important one.",
        ),
        ("jonas", "I like number four."),
        ("nadia", "Can we squeeze in the report of late returns? It is two queries and a table."),
        ("maya", "See number four 🙂"),
        ("nadia", "Worth a try"),
        ("lucas", "I would have supported Nadia"),
    ),
    thread(
        "product",
        (
            "yael",
            "Interview notes with «shop»: https://notes.fernway.example/research/«ticket»\nThree things I did not expect, at the top. The rest is for the curious.",
        ),
        ("maya", "The second one surprises me. They share ONE log-in on purpose?"),
        (
            "yael",
            "The tablet lies on the counter and whoever is free takes it. Logging in and out is slower than a customer is patient.",
        ),
        ("jonas", "Then a PIN per person on a shared tablet. We had that idea two years ago."),
        ("aiko", "I still have the sketches!"),
        ("maya", "Bring them on «day»?"),
        ("aiko", "👍"),
    ),
    thread(
        "product",
        ("sofia", 'What do we call it: "hold", "deposit" or "security"? All three are in the app right now.'),
        ("maya", "Deposit."),
        ("yael", 'Deposit. "Hold" made two people ask whether they have to hold something.'),
        ("sofia", "Deposit it is. I'll make the list of the places."),
        ("ines", "Send it to me and I'll replace them in one go: «ticket»"),
    ),
    thread(
        "product",
        ("jonas", "Do we still need the import of old spreadsheets? It is the ugliest code we have."),
        ("lucas", "«number» shops used it this year, so yes."),
        ("jonas", "I was afraid of that."),
        ("nadia", "Every one of them was a new shop in its first week. It is ugly, but it is the door."),
        ("jonas", "Fine. Then we make it a nice door."),
    ),
    thread(
        "product",
        (
            "maya",
            "Decision: we do not build our own payments page. Reasons in https://notes.fernway.example/decisions/payments so that we don't have this talk again in May.",
        ),
        ("jonas", "We will have this talk again in May."),
        ("maya", "I know. But then I can send a link."),
    ),
    # design
    thread(
        "design",
        (
            "aiko",
            "New empty states are in the file: https://design.fernway.example/f/empty-states\nThe idea: say what will be here, and offer the one button that makes it so. No illustrations of sad robots.",
        ),
        ("yael", "No sad robots is a principle I can stand behind"),
        (
            "sofia",
            '"Your first booking will show up here." — can we say "appear"? No, "show up" is warmer. Forget it.',
        ),
        ("ines", "How much room does the text get in German? It grew by 40 % last time."),
        (
            "aiko",
            "Two lines, and it wraps. I tried it with the longest one I could find: Fahrradverleihstationsbetreiberhaftpflichtversicherungsbescheinigung",
        ),
        ("ines", "… that is not one line on any phone"),
        ("ben", "It is not one line on my monitor"),
        ("aiko", "It wraps. I promise. 😇"),
    ),
    thread(
        "design",
        ("ben", "On small phones the date picker covers the button that closes it."),
        ("aiko", "Which size?"),
        ("ben", "320 wide. An old one, but «shop» has six of them at the counter."),
        ("aiko", "I'd make it a sheet from below instead of a bubble. Ten minutes."),
        ("aiko", "https://design.fernway.example/f/date-sheet"),
        ("ben", "That's lovely. Building it now."),
    ),
    thread(
        "design",
        ("ines", "Is this grey from the palette? `#8d9499` on white gives 3.1 : 1, the check wants 4.5."),
        ("aiko", "It is the old grey, sorry. Take `--text-muted`, it is 4.7 on white and 5.9 on dark."),
        ("ines", "Merged. Contrast check is green again ✅"),
        ("aiko", "Thank you for being the conscience of this channel"),
    ),
    thread(
        "design",
        ("sofia", 'Button text: "Confirm" or "Book it"?'),
        ("maya", "What does it do?"),
        ("sofia", "It books it."),
        ("maya", "There you go."),
        ("aiko", "😂"),
    ),
    thread(
        "design",
        (
            "aiko",
            "Colours of booking states, third try. Please look at it once with the colour-blindness filter on:\n\nreserved · blue, dotted edge\nout · solid green\nlate · orange with a clock\nreturned · grey",
        ),
        ("yael", "The clock does more than the orange."),
        ("ben", "In the filter, green and orange are one colour, but the clock saves it"),
        ("maya", "Ship it. Shape first, colour second, as it should be."),
    ),
    thread(
        "design",
        ("yael", "Watched five people use «feature» this morning. Nobody found the undo."),
        ("aiko", "Nobody?"),
        ("yael", "One did, by accident, and apologised to me for it."),
        (
            "aiko",
            "Ouch. It sits where a cookie banner would sit. Everybody has learned not to read that corner.",
        ),
        ("ines", "We could put it in the row itself, where the thing was."),
        ("aiko", "Yes!! In its place. That's so obvious that I am annoyed."),
    ),
    thread(
        "design",
        ("ben", "Does the dark theme have a darker elevation, or do we use borders?"),
        ("aiko", "Borders. Shadows on black are a rumour."),
        ("ben", "quotable"),
    ),
    thread(
        "design",
        ("aiko", "Please don't merge the icons yet, I exported them with the wrong stroke", DELETED),
        (
            "aiko",
            "New export is in. 1.5 px strokes throughout, and the bicycle finally has two wheels of the same size.",
        ),
        ("ines", "I thought it was a penny-farthing on purpose"),
        ("aiko", "Let's say it was."),
    ),
    # engineering
    thread(
        "engineering",
        (
            "tomasz",
            'Found it. The double charge came from here:\n\n    if booking.status == "paid" or retry:\n        charge(booking)\n\n`retry` is True on every second delivery of the webhook. PR #«pr».',
        ),
        ("jonas", "How did that ever work?"),
        ("tomasz", "The provider's idempotency key saved us for 23 hours. Then it expires."),
        ("priya", "Test that fails without the fix?"),
        ("tomasz", "In the PR. It sends the webhook twice, 24 h apart."),
        ("priya", "😍 approving"),
    ),
    thread(
        "engineering",
        ("omar", "Page: disk on `«host»` at 91 %"),
        ("omar", "Old WAL segments, the archive job was stuck since «time». Restarted it, 84 % and falling."),
        ("jonas", "Do we know why it was stuck?"),
        (
            "omar",
            "It waited for a prompt. `rm: remove write-protected regular file?` — at four in the morning, with nobody there to say yes.",
            "It waited for a prompt. `rm: remove write-protected regular file?` — at four in the morning, with nobody there to say yes. (Fixed with `rm -f` and an alert when the job takes over an hour.)",
        ),
        ("nadia", "That poor job"),
        ("tomasz", "`yes | archive.sh` 🙈", "~`yes | archive.sh`~ 🙈"),
        ("omar", "Tomasz, no."),
    ),
    thread(
        "engineering",
        ("ines", "`«page»` takes «ms» ms on the staging data. It was half of that last week."),
        ("tomasz", "Could be mine. Looking."),
        (
            "tomasz",
            'It is mine. One query per row, since the price rules. `select_related("rule")` and it is gone.',
        ),
        ("ines", "Confirmed, faster than before now 🚀"),
        ("priya", "Shall we count queries in a test for that page?"),
        ("tomasz", "Already pushed. It fails at 12."),
    ),
    thread(
        "engineering",
        ("ben", "Who else gets `ECONNRESET` from the emulator since this morning?"),
        ("ines", "me"),
        ("ben", "Then it is not me. 😌"),
        (
            "omar",
            "The proxy certificate was renewed, the emulator has the old one pinned. `make certs` fixes it.",
        ),
        ("ben", "Fixed, thanks!"),
        ("ines", "same here"),
    ),
    thread(
        "engineering",
        (
            "jonas",
            "I'd like to remove the Redis cache from the booking page. It hides two bugs and saves 9 ms.",
        ),
        ("tomasz", "+1, the invalidation has cost us more than the cache ever saved"),
        ("omar", "One less thing to page me about. +1"),
        ("nadia", "Does the dashboard use it?"),
        (
            "jonas",
            "No, it has its own. I checked: `git grep -n booking_cache` finds four places, all in one file.",
        ),
        ("priya", "Then please before Thursday, not after 😉"),
        ("jonas", "PR #«pr», minus 312 lines"),
        ("tomasz", "The best kind"),
    ),
    thread(
        "engineering",
        (
            "nadia",
            "Query of the day:\n\n    SELECT shop_id, count(*)\n    FROM rentals\n    WHERE returned_at IS NULL\n      AND due_at < now() - interval '30 days'\n    GROUP BY shop_id\n    ORDER BY 2 DESC;\n\nThere are «number» bikes that have been \"out\" for over a month.",
        ),
        ("tomasz", "Stolen, or forgotten to check in?"),
        (
            "nadia",
            "Forgotten, mostly. The next rental of the same bike starts without the return of the last.",
        ),
        ("jonas", "Which should be impossible. Is there a constraint?"),
        ("tomasz", "There is an *if*."),
        ("jonas", "So no."),
        ("tomasz", "I'll add the constraint once the old rows are clean. «ticket»."),
    ),
    thread(
        "engineering",
        (
            "priya",
            "Flaky test of the week is `test_hold_expires_at_midnight`. It fails when it runs at midnight.",
        ),
        ("omar", "in which time zone?"),
        ("priya", "In every one, one after another."),
        ("ben", "Poetic"),
        ("tomasz", "It uses `datetime.now()`. I'll freeze the clock."),
    ),
    thread(
        "engineering",
        (
            "omar",
            "Postmortem of «day»'s hiccup is up: https://notes.fernway.example/postmortems/«ticket»\nIn short: one slow shop import held a lock, and everything that wanted to write to that table queued up behind it for four minutes.",
        ),
        ("jonas", "What stops it from happening again?"),
        (
            "omar",
            "Imports now go in batches of 500 with a commit each, and there is a lock timeout of 5 s on that role.",
        ),
        ("nadia", "Did anyone lose data?"),
        ("omar", "No. Two shops saw a spinner. Lucas has written to both."),
        ("jonas", "Good write-up, thank you. I like that it names the lock and not the person."),
    ),
    thread(
        "engineering",
        ("ines", "Can somebody look at PR #«pr»? It's small, I promise."),
        ("ben", "+1,204 −17"),
        ("ines", "It is small if you close the lock file"),
        ("ben", "+41 −17. OK, that is small. Looking."),
        ("ben", "Approved with one question about the focus after closing."),
        ("ines", "Good catch. It went to the body, now it goes back to the button."),
    ),
    thread(
        "engineering",
        ("tomasz", "Does anybody object to Python 3.12 for the workers?"),
        ("omar", "Not if the image stays under 200 MB"),
        ("tomasz", "188."),
        ("omar", "Then no."),
        ("nadia", "pandas is fine with it, I tried."),
        ("jonas", "Go."),
    ),
    thread(
        "engineering",
        ("ben", "TIL that Android delivers the back gesture twice if you animate longer than 300 ms"),
        ("ines", "…why"),
        ("ben", "Because we deserve it"),
    ),
    thread(
        "engineering",
        (
            "omar",
            "Restored last night's backup on `«host»` for practice: 11 minutes, row counts equal, checksums equal. Next drill in a month.",
        ),
        ("jonas", "This is my favourite message of every month."),
        ("priya", "A backup is a rumour until it is restored"),
    ),
    # releases
    thread(
        "releases",
        ("priya", "«version» is on staging. Please try «feature» and `«page»` before «time»."),
        ("ines", "Web looks good ✅"),
        ("ben", "Mobile as well ✅"),
        ("lucas", "Support has the notes, nothing scary in them."),
        ("priya", "Going out now 🚂"),
        ("priya", "«version» is live. Error rate flat, p95 at «ms» ms."),
        ("maya", "Thank you! 🎉"),
    ),
    thread(
        "releases",
        (
            "priya",
            "Holding «version»: the invoice total is off by one cent when the discount is a percentage.",
        ),
        ("tomasz", "Rounding per line against rounding the sum. I know exactly where. 20 minutes."),
        ("tomasz", "Fixed in `«branch»`: we round the sum, as the tax office does."),
        ("priya", "Checked against all «number» sample invoices. Train leaves at «time» after all."),
        ("jonas", "One cent found before Thursday is worth a thousand after it."),
    ),
    thread(
        "releases",
        (
            "priya",
            "Release notes for «version», draft:\n\nNew\n- «feature» remembers what you chose last\n- day sheet for the printer\n\nFixed\n- the calendar jumped to today after saving\n- `«page»` was slow with many bikes\n\nSofia, could you make it sound like people wrote it?",
        ),
        ("sofia", 'On it. "The calendar stays where you are" — better?'),
        ("priya", "Much."),
        ("lucas", "I will quote that to the eleven shops who asked"),
    ),
    thread(
        "releases",
        ("omar", "Rolled back «version» on the workers, they leaked memory: 300 MB an hour."),
        ("jonas", "Web too?"),
        ("omar", "No, web is fine and stays on «version»."),
        (
            "tomasz",
            "It's the PDF library, it keeps every font it has ever loaded. Pinned the old version, PR #«pr».",
        ),
        ("priya", "Lovely. Workers go out again at «time»."),
        ("omar", "Flat as a lake since then."),
    ),
    thread(
        "releases",
        ("ben", "The app store has approved «version» after only two days 🥳"),
        ("maya", "What did they complain about this time?"),
        ("ben", "That the demo account had no bikes. I gave it bikes."),
        ("lucas", "Reasonable, honestly"),
    ),
    thread(
        "releases",
        (
            "nadia",
            "Heads-up for this train: the migration on `rentals` adds an index, about «number» s on production, no lock.",
        ),
        ("omar", "Tried on the replica: as you say. Go ahead."),
        ("priya", "Noted in the checklist, thanks for telling before and not after 🙂"),
    ),
    # support
    thread(
        "support",
        ("lucas", "«shop» can't see yesterday's returns on `«page»`. «browser», if that matters."),
        ("ines", 'Do they have the filter "open" on? It is sticky since last week.'),
        ("lucas", "They do! They had no idea there was a filter."),
        ("ines", "That's on us then. I'll show it above the table when it hides something: «ticket»"),
        ("lucas", "They say thank you, and that the new colours are nice."),
    ),
    thread(
        "support",
        ("lucas", "A customer of «shop» was charged the deposit twice. They are upset, rightly."),
        ("tomasz", "Looking at it now."),
        (
            "tomasz",
            "Second charge was a hold, not a charge: their bank shows it as one. It ends by itself on «day», and I have released it by hand just now.",
        ),
        ("lucas", "I'll call them and explain. Can we word it better in the mail?"),
        ("maya", '"Your bank may show this until «day». It is not a second payment." Would that do?'),
        ("lucas", "That would have saved me the call. Yes please."),
    ),
    thread(
        "support",
        ("lucas", "Question from «city»: can a rental end at another shop of the same owner?"),
        ("maya", "Not yet. It's on the list, after deposits."),
        ("yael", "How often do they need it? I'd love to talk to them."),
        ("lucas", '"Every day in July." I have asked whether you may call them.'),
        ("yael", "You are the best"),
    ),
    thread(
        "support",
        (
            "lucas",
            "Has anything changed with the barcode scanner? «shop» says it types everything in capitals.",
        ),
        ("ben", "Caps lock on the tablet?"),
        ("lucas", "I asked that very politely. It was caps lock."),
        ("ben", "🫡"),
    ),
    thread(
        "support",
        ("priya", "The bug from «ticket» is fixed in «version», Lucas. You can tell the three shops."),
        (
            "lucas",
            "Told them. One has answerd with a picture of a cat on a cargo bike.",
            "Told them. One has answered with a picture of a cat on a cargo bike.",
        ),
        ("priya", "Please forward the cat"),
        ("lucas", "https://pictures.fernway.example/cat-on-cargo-bike"),
        ("priya", "This made my week 🐈"),
    ),
    thread(
        "support",
        (
            "lucas",
            "Three tickets about time zones since the clocks changed. All of them bookings made before, for after.",
        ),
        ("tomasz", "We store the offset instead of the zone in that one table. Known sin."),
        (
            "tomasz",
            "Script to correct them is ready, it touches «number» rows. Priya, could you look at the list before I run it?",
        ),
        ("priya", "Looks right. I checked ten by hand, and both that cross the border."),
        ("tomasz", "Done. And the column is the next thing I change."),
    ),
    thread(
        "support",
        (
            "yael",
            "Lucas, may I listen in on calls on «day»? I want to hear how people describe «feature» in their own words.",
        ),
        ("lucas", "Always! From «time» it is usually lively."),
        ("yael", "Perfect, I'll bring cookies"),
    ),
    # random
    thread(
        "random",
        ("ben", "I have repaired my own bicycle. It has fewer parts now and works better."),
        ("tomasz", "Refactoring"),
        ("jonas", "Did you write tests?"),
        ("ben", "I rode here."),
        ("priya", "Integration test. Accepted."),
    ),
    thread(
        "random",
        (
            "nadia",
            "Book club: we finished it! Next vote is between\n\n1. The Dispossessed\n2. Piranesi\n3. something short, please, for once",
        ),
        ("sofia", "2"),
        ("omar", "3 🙋"),
        ("yael", "2!"),
        ("aiko", "Piranesi is also short, so 2 and 3"),
        ("nadia", "Piranesi it is. Two weeks, no spoilers in here."),
    ),
    thread(
        "random",
        ("aiko", "There is a heron on the roof of the shed. I repeat: a HERON."),
        ("maya", "Coming"),
        ("lucas", "coming"),
        ("ines", "I am in «city», somebody please draw it"),
        (
            "aiko",
            "   __\n  /o \\_\n  \\  _/\n   ||\n   ||____\n   |     \\\n    \\____/\n     | |\n    _|_|_",
        ),
        ("ines", "I feel as if I were there"),
    ),
    thread(
        "random",
        ("tomasz", "Which is the best bicycle film? There is a right answer."),
        ("sofia", "Bicycle Thieves"),
        ("tomasz", "Correct."),
        ("ben", "Premium Rush"),
        ("tomasz", "Also correct, but for other reasons."),
    ),
    thread(
        "random",
        (
            "omar",
            "My daughter asked what I do at work. I said that I make sure computers don't stop. She asked why they would want to stop.",
        ),
        ("jonas", "I have no answer to that"),
        ("yael", "Hire her"),
    ),
    thread(
        "random",
        (
            "lucas",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa sorry, cat",
        ),
        ("priya", "Tell the cat it passed review"),
        ("lucas", "She wants to know who approved"),
        ("ben", "LGTM 🐾"),
    ),
    thread(
        "random",
        ("sofia", "Somebody left a single cycling glove on the radiator. Left hand, red."),
        ("jonas", "Mine!! I have been cold on one side since «day»"),
        ("sofia", "It is warm now 🔥"),
    ),
    thread(
        "random",
        ("ines", 'Weekend plans? I need ideas that are not "sleep".'),
        ("nadia", "The market by the river, early, before the good bread is gone"),
        ("ben", "Sleep until the good bread is gone"),
        ("yael", "There's a small concert at the old mill on Saturday. Free, outdoors."),
        ("ines", "Market, mill, sleep. In this order. Thank you!"),
    ),
    thread(
        "random",
        ("maya", "Whoever put googly eyes on the coffee machine: it makes better coffee now."),
        ("aiko", "It always could. It just needed to be seen."),
        ("omar", "☕👀"),
    ),
    thread(
        "random",
        ("priya", "🎂 Happy birthday, Tomasz!"),
        ("maya", "Happy birthday! 🥳"),
        ("yael", "🎉🎉🎉"),
        ("ben", "all the best, old man"),
        ("tomasz", "Thank you!! There is apple cake in the kitchen, made by me, eaten at your own risk"),
        ("lucas", "It is excellent. I have had two, for science."),
    ),
    thread(
        "random",
        ("jonas", "does anyone know how to turn off the motion light in the small meeting room", DELETED),
        ("jonas", "Never mind. You wave."),
        ("ines", "We saw you wave, through the glass, for quite some time 👋"),
    ),
    # lunch
    thread(
        "lunch 🍜",
        ("ben", "«food» today?"),
        ("aiko", "Yes! 12:30?"),
        ("ines", "12:40, then I come too"),
        ("ben", "12:40 it is. Meet at the bikes."),
    ),
    thread(
        "lunch 🍜",
        ("tomasz", "I made too much bigos. It feeds four. It's in the kitchen."),
        ("omar", "Is there pork in it?"),
        ("tomasz", "There is one pot without, on the left, with your name on it."),
        ("omar", "You are a good man."),
        ("nadia", "Running"),
    ),
    thread(
        "lunch 🍜",
        ("maya", "Table for eight at «time» for Inês' first week back. Who comes?"),
        ("priya", "✋"),
        ("sofia", "✋"),
        ("yael", "✋ (vegetarian)"),
        ("jonas", "✋"),
        ("lucas", "I have the phone until two, eat something good for me"),
        ("maya", "We'll bring you dessert 🍰"),
    ),
    thread(
        "lunch 🍜",
        ("priya", "The dosa cart is back!!! Corner of the park, until two!"),
        ("sofia", "I was sad and now I am not"),
        ("jonas", "How long is the queue?"),
        ("priya", "Worth it."),
    ),
    thread(
        "lunch 🍜",
        ("nadia", "Data from the last month: «food» won on four days out of twenty, soup never."),
        ("lucas", "Soup will rise again"),
        ("nadia", "The trend says no 📉"),
    ),
    thread(
        "lunch 🍜",
        ("yael", "Does anybody want the second half of my «food»? I have overestimated myself."),
        ("ben", "Always yes"),
        ("yael", "Top shelf of the fridge, the box with the green lid."),
        ("ben", "That was the best part of today, thank you"),
    ),
)

# One or two lines that come again and again, as they do; several of them between two threads.
ROUTINE: Final[tuple[Thread, ...]] = (
    thread("engineering", ("tomasz", "PR #«pr» is ready for a look: `«branch»`"), ("ben", "👀")),
    thread(
        "engineering",
        ("ines", "Merged #«pr», thanks for the review"),
    ),
    thread(
        "engineering",
        ("omar", "`«host»` restarts at «time» for the kernel update, nobody should notice."),
    ),
    thread(
        "engineering",
        ("priya", "CI was red because of a full disk on the runner, green again."),
    ),
    thread(
        "engineering",
        ("nadia", "Nightly totals ran in «number» min, all shops balanced."),
    ),
    thread(
        "engineering",
        ("jonas", "Standup notes: Tomasz on `«branch»`, Inês on «feature», Ben on the app, I review."),
    ),
    thread(
        "engineering",
        ("ben", "Is staging slow or is it me? `«page»` takes «ms» ms."),
        ("omar", "It's the import that runs there. Ten more minutes."),
    ),
    thread(
        "engineering",
        ("tomasz", "Docs for the webhook are at https://docs.fernway.example/webhooks#«branch» now."),
    ),
    thread("releases", ("priya", "«version» is on staging."), ("ines", "✅"), ("ben", "✅")),
    thread("releases", ("priya", "«version» is live."), ("maya", "🎉")),
    thread(
        "releases",
        ("ben", "App build «version» (#«number») is with the testers."),
    ),
    thread(
        "support",
        ("lucas", "«shop» asks whether «feature» works offline."),
        ("ben", "It does, it sends everything once it is back."),
    ),
    thread(
        "support",
        ("lucas", "«number» tickets today, all answered. Oldest open one: «ticket»."),
    ),
    thread(
        "support", ("lucas", "«ticket»: «browser» shows an empty `«page»` at «shop»."), ("ines", "On it.")
    ),
    thread("support", ("maya", "I have called «shop», they are happy again."), ("lucas", "🙏")),
    thread(
        "product",
        ("maya", "Notes from today's call with «shop»: https://notes.fernway.example/calls/«ticket»"),
    ),
    thread(
        "product",
        ("nadia", "Dashboard for «feature» is live, ask me if a number looks odd."),
    ),
    thread(
        "product",
        ("yael", "I have two free places in the interviews on «day», «time». Who wants to listen?"),
        ("aiko", "Me, please!"),
    ),
    thread(
        "design",
        ("aiko", "Updated «feature» after the comments: https://design.fernway.example/f/«ticket»"),
        ("ines", "Much clearer 👌"),
    ),
    thread(
        "design",
        ("sofia", "Texts for «feature» are checked, two typos fixed."),
    ),
    thread(
        "design",
        ("ben", "Screens of «feature» on «browser» are in the folder."),
        ("aiko", "Thanks, spacing looks right."),
    ),
    thread(
        "public",
        ("jonas", "I'm at the dentist until «time», reachable afterwards."),
    ),
    thread(
        "public",
        ("sofia", "Newsletter goes out on «day» at «time», last call for topics."),
    ),
    thread("public", ("maya", "Reminder: planning on «day» at «time», big room."), ("priya", "👍")),
    thread(
        "random",
        ("tomasz", "Rode here in «number» minutes, wind from behind both ways. Explain that."),
    ),
    thread("random", ("omar", "The plant on my desk has «number» leaves now."), ("aiko", "🌱")),
    thread(
        "random",
        ("ben", "Song of the day, on repeat: https://music.fernway.example/«number»"),
    ),
    thread("lunch 🍜", ("ines", "«food» at half past twelve?"), ("priya", "In!")),
    thread(
        "lunch 🍜",
        ("jonas", "I'm fetching «food», who wants something?"),
        ("nadia", "The usual, please"),
        ("sofia", "Two, please 🙂"),
    ),
    thread(
        "lunch 🍜",
        ("lucas", "Today: «food». Tomorrow: vegetables. Probably."),
    ),
)
