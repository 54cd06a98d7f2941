"""Checks for stock phrases: refusals, talk of being a language model, courtesies."""

from __future__ import annotations

import re

from laserdb.scorers.checks.view import Finding, View, excerpt

REFUSAL_WHOLE = 60
"""Words up to which a response that starts with a refusal is nothing else."""
REFUSAL_PARTLY = 150
"""Words up to which it is one in part; a longer one refuses something and then helps."""

_SORRY = (
    r"(?:(?:i['’]?m|i am|we are|we['’]re)?\s*(?:(?:really|very|so|truly|deeply)\s+)?sorry|"
    r"i (?:sincerely )?apologi[sz]e|apologies|my apologies|unfortunately|no)"
)
_AI = (
    r"as an? (?:\w+ ){0,3}?(?:ai|a\.i\.|artificial intelligence|language model|assistant|"
    r"chatbot)\b[^,.!?\n]{0,60}"
)
_CANNOT = (
    r"(?:i|we) (?:(?:really|simply|just|also|currently|personally) )?(?:can['’]?t|can ?not|"
    r"could not|couldn['’]t|won['’]?t|will not|"
    r"am (?:not able|unable|not capable|not allowed|not programmed|not permitted|not comfortable)|"
    r"['’]?m (?:not able|unable|not capable|not allowed|not programmed|not permitted|not comfortable)|"
    r"(?:do not|don['’]t|do n't) (?:currently )?have (?:the )?(?:capability|capabilities|ability|"
    r"access|permission|real-?time|personal (?:opinion|experience|feeling|preference|belief)s?))"
)
_CANNOT_SORRY = _CANNOT.replace("(?:i|we) ", "(?:(?:i|we) )?").replace("['’]?m (", "i['’]?m (")
_DO = (
    r"(?: be able)?(?: to| of| in)?(?: \w+ly)? (?:help|assist|fulfil|fulfill|comply|provid|"
    r"do (?:that|this|so|it)\b|answer|creat|writ|generat|"
    r"giv|discuss|engag|support|participat|access|perform|complet|process|offer|execut|produc|"
    r"continue with|order|book|search|brows|"
    r"recommend|suggest|browse|tell you|shar|accommodat|schedul|mak(?:e|ing) (?:a )?(?:re|purchas|"
    r"book|call)|send|set|play|translat|find)"
)
_HAVE = (
    r"(?:do not|don['’]t|do n't) (?:currently )?have (?:the )?(?:capability|capabilities|ability|"
    r"access|permission|real-?time)"
)
REFUSAL = re.compile(
    rf"(?:{_SORRY}[,.!;:]? ?(?:but |that )?(?:{_AI},? ?)?{_CANNOT_SORRY}{_DO}"
    rf"|(?:{_SORRY}[,.!;:]? ?(?:but )?)?(?:{_AI},? ?)?(?:{_CANNOT}{_DO}|i {_HAVE})"
    r"|(?:(?:i['’]?m )?sorry,? (?:but )?)?(?:i|we) (?:must|have to|need to|respectfully|"
    r"will have to) (?:respectfully |politely )?(?:decline|refuse)"
    r"|(?:i['’]?m )?sorry,? (?:but )?(?:that|this)(?:['’]s| is) (?:not )?(?:something|beyond|outside|against)"
    r"|(?:that|this)(?:['’]s| is) (?:not )?(?:something i can(?:['’]t| ?not)|(?:beyond|outside|"
    r"against) my (?:capabilit|abilit|program|scope|guidel|polic))"
    r"|(?:es )?tut mir (?:sehr )?leid,? (?:aber )?(?:ich|dabei|das|bei) (?:kann|darf|möchte)"
    r"|(?:ich kann (?:dir|ihnen|euch)? ?(?:dabei|damit|dazu|hierbei) (?:leider )?nicht)"
    r"|(?:lo siento|lo lamento)[,.]? (?:mucho,? )?(?:pero )?(?:como [^,]{1,50}, )?no puedo"
    r"|(?:(?:je suis )?désolée?|je regrette)[,.]? (?:mais )?je ne (?:peux|suis)"
    r"|(?:sinto muito|desculpe|lamento)[,.]? (?:mas )?(?:eu )?não posso"
    r"|mi dispiace[,.]? (?:ma )?non posso"
    r"|(?:извините|к сожалению|простите)[,.]? (?:но )?я не могу"
    r"|(?:很|非常|对此)?(?:抱歉|对不起|對不起)[,，。]?(?:但)?(?:作为[^,，。]{1,30}[,，])?我?(?:无法|不能|無法|没有办法|沒辦法)"
    r"|(?:申し訳|すみません|申し訳ございません)[^。\n]{0,40}(?:できません|できかね|お答え))"
)

AI_MARKS = (
    " ai",
    "ki-",
    "language model",
    "artificial intel",
    "my knowledge",
    "my training",
    "modelo de",
    "作为",
    "as of my",
)
AI_BOILERPLATE = re.compile(
    r"\bas an? (?:\w+ ){0,2}?(?:ai(?: language model| assistant| model| chatbot)?|language model|"
    r"artificial intelligence)\b[, ]"
    r"|\bi(?:['’]m| am) (?:just |only )?an? (?:\w+ )?(?:ai|language model|"
    r"artificial intelligence)(?: language model| assistant| model)?\b"
    r"|\bmy (?:knowledge|training data)(?: only)? (?:cut-?off|goes up to|ends)|\bas of my (?:last |"
    r"latest )?(?:knowledge|training)"
    r"|作为(?:一个|一名)?(?:ai|人工智能|语言模型)|als (?:ein )?ki-(?:sprachmodell|modell|assistent)|"
    r"como (?:un )?modelo de lenguaje"
)
_ABOUT_AI = re.compile(
    r"\b(?:ai|a\.i\.|chatgpt|gpt|language models?|llms?|chatbots?|robots?|artificial|assistant|siri|openai|"
    r"are you|call you|can you think|human|do you|did you|have you|were you|your|"
    r"you feel|you are|you're)\b|你"
)
_CORRESPONDENCE = re.compile(
    r"\b(?:e-?mails?|letters?|messages?|posts?|invitation|announcement|reply|role|imagine|"
    r"pretend|act as|you are)\b"
)
_PRAISE = re.compile(r"(?:that['’]s )?(?:an? )?(?:great|good|excellent) question\b")
FILLER = re.compile(
    r"\bi hope (?:this|that|these|it) helps?|\b(?:feel free to|don['’]t hesitate to|please) (?:ask|"
    r"reach out|let me know)"
    r"|\blet me know if (?:you|there)|\bif you have any (?:other |more |further |additional )?questions"
)


def refusal(view: View) -> Finding | None:
    """The response starts by declining; told from quotations by its place, from partial help by length."""
    match = REFUSAL.match(view.response[:400].lower().lstrip("\"'“*# "))
    if match is None:
        return None
    count = len(view.words)
    if count > REFUSAL_PARTLY:
        return None
    return Finding("refusal", f"starts with “{excerpt(match[0])}”", 1.0 if count <= REFUSAL_WHOLE else 0.5)


def ai_boilerplate(view: View) -> Finding | None:
    """It speaks of itself as a language model though nobody asked about that."""
    text = view.response_lower
    # Plain searches are much faster than the pattern, and most texts have none of these.
    if not any(mark in text for mark in AI_MARKS):
        return None
    match = AI_BOILERPLATE.search(text)
    if match is None or _ABOUT_AI.search(view.ask_lower):
        return None
    return Finding("ai_boilerplate", f"“{excerpt(match[0])}”")


def filler(view: View) -> Finding | None:
    """A stock courtesy at either end that says nothing about the subject; letters may have them."""
    text = view.response_lower
    match = _PRAISE.match(text) or FILLER.search(text[-250:])
    if match is None or len(view.words) < 25 or _CORRESPONDENCE.search(view.ask_lower):
        return None
    return Finding("filler", f"“{excerpt(match[0])}”")
